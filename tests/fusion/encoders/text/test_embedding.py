"""Embeddings come in batches, once for each distinct text."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml._optional import MissingPackageError, is_installed
from hybridml.exceptions import DataError
from hybridml.fusion.encoders.text.embedding import embed, load_text_model


class LetterModel:
    """Counts letters, and remembers what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def encode(self, sentences: list[str]) -> np.ndarray:
        self.batches.append(sentences)
        return np.array([[1 + text.count(c) for c in "abc"] for text in sentences])


def test_each_text_gets_its_vector_of_length_one() -> None:
    vectors = embed(LetterModel(), ["aab", "c", "aab"], batch_size=8)
    expected = np.array([[3, 2, 1], [1, 1, 2], [3, 2, 1]], dtype=float)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, rtol=1e-6)
    assert vectors.dtype == np.float32


def test_distinct_texts_go_in_batches_short_ones_first() -> None:
    model = LetterModel()
    embed(model, ["ccc", "a", "bb", "a", "aa"], batch_size=2)
    assert model.batches == [["a", "aa"], ["bb", "ccc"]]


def test_empty_texts_are_zeros() -> None:
    vectors = embed(LetterModel(), ["", "a", "  "], batch_size=8)
    assert (np.linalg.norm(vectors, axis=1) > 0).tolist() == [False, True, False]


def test_zero_vectors_stay_zero() -> None:
    class Zeros:
        def encode(self, sentences: list[str]) -> np.ndarray:
            return np.zeros((len(sentences), 2))

    assert not embed(Zeros(), ["a"], batch_size=1).any()


def test_a_model_that_gives_something_else_is_refused() -> None:
    class Sum:
        def encode(self, sentences: list[str]) -> np.ndarray:
            return np.ones(3)

    with pytest.raises(DataError, match=r"encode of 1 texts with the shape \(3,\)"):
        embed(Sum(), ["a"], batch_size=1)


@pytest.mark.skipif(is_installed("sentence_transformers"), reason="it is installed")
def test_a_name_needs_the_package() -> None:
    with pytest.raises(MissingPackageError, match=r"'some/model' .*hybridml\[text\]"):
        load_text_model("some/model")
