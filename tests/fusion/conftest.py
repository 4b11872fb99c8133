"""Tables of several modalities for the tests of fusion."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

Table = tuple[pd.DataFrame, npt.NDArray[Any]]


def make_table(n_rows: int = 90, seed: int = 0) -> Table:
    """Make rows of numbers and words that each tell something of three classes."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n_rows) % 3
    words = np.array(["plum", "pear", "fig", "nut"])
    said = np.where(rng.random(n_rows) < 0.75, classes, 3)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=n_rows) + 2.0 * (classes == 0),
            "age": rng.normal(size=n_rows) + 2.0 * (classes == 1),
            "noise": rng.normal(size=n_rows),
            "word": words[said],
        }
    )
    return frame, np.array(["a", "b", "c"])[classes]


@pytest.fixture
def table() -> Table:
    """Give 90 rows."""
    return make_table()


@pytest.fixture
def modalities() -> list[tuple[str, Any, Any]]:
    """Two modalities of that table, with encoders of scikit-learn's."""
    return two_modalities()


def two_modalities() -> list[tuple[str, Any, Any]]:
    """List what the fixture `modalities` gives."""
    return [
        ("numbers", StandardScaler(), ["size", "age"]),
        ("word", TfidfVectorizer(), "word"),
    ]
