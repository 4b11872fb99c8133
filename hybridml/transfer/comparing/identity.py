"""What a fold's result depends on: by it a journal knows it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.backbones.loading import load_network
from hybridml.features.choosing import open_store
from hybridml.images.digest import digest_images
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.splits import Fold

# Raise it when the same comparison gives other numbers.
COMPARISON_VERSION = 1

_CHANGE_NO_NUMBER = {"store", "n_jobs", "verbose", "weights"}
_PACKAGES = ("hybridml", "scikit-learn", "torch", "xgboost", "numpy")


class FoldIdentities:
    """Names results by candidate, images, targets, folds, score and versions.

    Where images lie and what they are called does not matter; their content does.

    Parameters
    ----------
    targets : ndarray of shape (n_images,) or (n_images, n_labels)
    scoring : str or None
        Name of the score; None where it has none that can be relied on, so that nothing
        can be known again.
    digests : sequence of bytes
        Of the images.
    """

    def __init__(
        self,
        targets: npt.NDArray[Any],
        scoring: str | None,
        digests: Sequence[bytes],
    ) -> None:
        self._scoring = scoring
        self._rows = [
            hashlib.blake2b(
                digest + repr(target.tolist()).encode(), digest_size=20
            ).digest()
            for digest, target in zip(digests, targets, strict=True)
        ]
        self._versions = [f"{name} {metadata.version(name)}" for name in _PACKAGES]

    def of(self, candidate: Candidate, fold: Fold) -> str | None:
        """Name the result of a candidate on a fold."""
        if self._scoring is None:
            return None
        told = [COMPARISON_VERSION, self._versions, self._scoring]
        found = hashlib.blake2b(repr(told).encode(), digest_size=20)
        found.update(repr(_tell(candidate)).encode())
        for part in fold:
            found.update(b"".join(self._rows[position] for position in part))
            found.update(len(part).to_bytes(8, "little"))
        return found.hexdigest()


def digest_all(images: npt.NDArray[Any], options: CaseOptions) -> list[bytes]:
    """Digest every image; one that cannot be read counts by its reason."""
    store = open_store(options.store)
    digests, failures = (
        digest_images(images) if store is None else store.digest_images(images)
    )
    return [digest or failures[i].encode() for i, digest in enumerate(digests)]


def _tell(candidate: Candidate) -> list[object]:
    if candidate.case is None:
        return ["baseline"]
    options = candidate.options
    network = load_network(
        options.backbone,
        weights=None if candidate.case == 4 else options.weights,
        image_size=options.image_size,
        device=options.device,
        precision=options.precision,
        random_state=options.random_state,
    )
    shown = {
        field.name: _text(getattr(options, field.name))
        for field in fields(options)
        if field.name not in _CHANGE_NO_NUMBER
    }
    where = [network.weights_digest, network.precision, str(network.device)]
    return [candidate.case, candidate.variant, shown, *where]


def _text(value: object) -> str:
    """Word a parameter; NumPy's numbers as Python's."""
    return repr(value.item() if isinstance(value, np.generic) else value)
