"""What a fold's result depends on: by it a journal knows it again."""

from __future__ import annotations

import hashlib
from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.splits import Fold
from hybridml.features.store import FeatureStore
from hybridml.images.digest import digest_images

# Raise it when the same comparison gives other numbers.
COMPARISON_VERSION = 2

_PACKAGES = ("hybridml", "scikit-learn", "torch", "xgboost", "numpy")


class FoldIdentities:
    """Names results by contender, inputs, targets, folds, score and versions.

    Where images lie and what they are called does not matter; their content does. With
    a callable as score nothing has a name, so that nothing can be known again.

    Parameters
    ----------
    data : Data
    """

    def __init__(self, data: Data) -> None:
        self._scoring = data.scoring if isinstance(data.scoring, str) else None
        self._rows = _digest_rows(data)
        self._versions = [f"{name} {metadata.version(name)}" for name in _PACKAGES]

    def of(self, contender: Contender, fold: Fold) -> str | None:
        """Name the result of a contender on a fold."""
        if self._scoring is None:
            return None
        told = [COMPARISON_VERSION, self._versions, self._scoring]
        found = hashlib.blake2b(repr(told).encode(), digest_size=20)
        found.update(repr(contender.identity()).encode())
        for part in fold:
            found.update(b"".join(self._rows[position] for position in part))
            found.update(len(part).to_bytes(8, "little"))
        return found.hexdigest()


def digest_data(data: Data) -> str:
    """Digest the content of all rows and their targets, in whatever order they are."""
    rows = b"".join(sorted(_digest_rows(data)))
    return hashlib.blake2b(rows, digest_size=16).hexdigest()


def digest_all(
    images: npt.NDArray[Any], store: FeatureStore | None = None
) -> list[bytes]:
    """Digest every image; one that cannot be read counts by its reason."""
    digests, failures = (
        digest_images(images) if store is None else store.digest_images(images)
    )
    return [digest or failures[i].encode() for i, digest in enumerate(digests)]


def _digest_rows(data: Data) -> list[bytes]:
    return [
        hashlib.blake2b(
            digest + repr(target.tolist()).encode(), digest_size=20
        ).digest()
        for digest, target in zip(data.digests, data.targets, strict=True)
    ]


def plain_text(value: object) -> str:
    """Word a parameter for an identity; NumPy's numbers as Python's.

    Examples
    --------
    >>> plain_text(np.int64(3)), plain_text("a")
    ('3', "'a'")
    """
    return repr(value.item() if isinstance(value, np.generic) else value)
