"""Labels and numbers are shared out to folds evenly, however rare or skewed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridml.comparing.label_folds import bin_numbers, spread_labels


def _labels(n_images: int, seed: int) -> np.ndarray:
    shares = [0.6, 0.3, 0.1, 0.04]
    return np.random.default_rng(seed).random((n_images, 4)) < shares


@pytest.mark.parametrize("seed", range(4))
def test_every_fold_has_its_part_of_every_label(seed: int) -> None:
    present = _labels(200, seed)
    fold = spread_labels(present, 5, 0)
    for column in present.T:
        counts = np.bincount(fold[column], minlength=5)
        assert np.ptp(counts) <= 2
    assert np.ptp(np.bincount(fold)) <= 4


def test_rare_labels_are_spread_better_than_by_chance() -> None:
    present = _labels(200, 0)
    rare = present[:, 3]
    chance = np.random.default_rng(0).permutation(np.arange(200) % 5)
    spread = np.bincount(spread_labels(present, 5, 0)[rare], minlength=5)
    assert np.ptp(spread) < np.ptp(np.bincount(chance[rare], minlength=5))


@given(st.integers(0, 1000), st.integers(2, 6), st.integers(0, 20))
def test_no_fold_stays_empty(seed: int, n_folds: int, n_more: int) -> None:
    fold = spread_labels(_labels(n_folds + n_more, seed), n_folds, seed)
    assert np.unique(fold).tolist() == list(range(n_folds))


@given(st.integers(2, 60), st.integers(2, 6))
def test_bins_have_an_image_for_each_fold(n_images: int, n_folds: int) -> None:
    numbers = np.random.default_rng(n_images).normal(size=n_images)
    counts = np.bincount(bin_numbers(numbers, n_folds))
    assert counts.min() >= min(n_folds, n_images)
    assert len(counts) <= 10


def test_bins_go_by_what_several_numbers_have_in_common() -> None:
    height = np.random.default_rng(0).permutation(40).astype(float)
    rng = np.random.default_rng(1)
    table = np.column_stack([height, -1000 * height, rng.normal(size=40), np.ones(40)])
    bins = bin_numbers(table, 4)
    assert abs(np.corrcoef(bins, height)[0, 1]) > 0.9
