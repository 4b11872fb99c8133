"""Embeddings of texts from a pretrained language model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hybridml._optional import require
from hybridml.exceptions import DataError


class TextModel(Protocol):
    """What embeds texts, such as a `SentenceTransformer`."""

    def encode(self, sentences: list[str], /) -> Any:
        """Give one vector a text, as an array or tensor of shape (n_texts, n)."""


@lru_cache(maxsize=2)
def load_text_model(name: str) -> TextModel:
    """Load a model of the package sentence_transformers, once per process.

    Parameters
    ----------
    name : str
        On the model hub, such as "sentence-transformers/all-MiniLM-L6-v2", or a folder.

    Raises
    ------
    MissingPackageError
        If the package is not installed.
    """
    package = require(
        "sentence_transformers", extra="text", why=f"The text model {name!r}"
    )
    model: TextModel = package.SentenceTransformer(name)
    return model


def loaded(model: str | TextModel) -> TextModel:
    """Give a model that was given by name, or itself."""
    return load_text_model(model) if isinstance(model, str) else model


def embed(
    model: TextModel, texts: Sequence[str], *, batch_size: int
) -> npt.NDArray[np.float32]:
    """Embed texts, equal ones once, each vector of length 1; empty texts as zeros.

    Parameters
    ----------
    model : TextModel
    texts : sequence of str
    batch_size : int
        How many texts the model gets at a time.

    Returns
    -------
    embeddings : ndarray of shape (n_texts, n_features), float32

    Raises
    ------
    DataError
        If the model does not give one vector a text.
    """
    # A batch is padded to its longest text.
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    starts = range(0, len(distinct), batch_size)
    parts = [_encode(model, distinct[start : start + batch_size]) for start in starts]
    vectors = np.concatenate(parts)
    vectors[[not text.strip() for text in distinct]] = 0
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(lengths > 0, lengths, 1)
    row_of = {text: row for row, text in enumerate(distinct)}
    unit: npt.NDArray[np.float32] = vectors[[row_of[text] for text in texts]]
    return unit


def _encode(model: TextModel, batch: list[str]) -> npt.NDArray[np.float32]:
    vectors = np.array(model.encode(batch), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(batch):
        raise DataError(
            f"Got model.encode of {len(batch)} texts with the shape {vectors.shape}; "
            "expected one vector a text."
        )
    return vectors
