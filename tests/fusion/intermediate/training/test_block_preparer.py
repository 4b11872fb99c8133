"""Blocks arrive in a network on one scale, whatever they were."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from hybridml.fusion.intermediate.training.block_preparer import BlockPreparer
from hybridml.fusion.modalities.block import Block

RNG = np.random.default_rng(0)
PRESENT = np.arange(60) % 4 > 0


def _dense() -> np.ndarray:
    return RNG.normal(size=(60, 12)) * np.linspace(1.0, 2.0, 12) + 5.0


def _sparse() -> csr_array:
    return csr_array(RNG.random((60, 80)) * (RNG.random((60, 80)) < 0.1))


@pytest.mark.parametrize("values", [_dense(), _sparse()], ids=["dense", "sparse"])
def test_a_wide_block_is_reduced_and_has_unit_variance(values: np.ndarray) -> None:
    preparer = BlockPreparer(5, 0).fit(Block(values, PRESENT))
    found = preparer.transform(Block(values, PRESENT))
    assert found.shape == (60, 5) == (60, preparer.width_)
    assert (found[~PRESENT] == 0).all()
    assert np.square(found[PRESENT]).mean() == pytest.approx(1.0, rel=0.05)


def test_a_narrow_dense_block_keeps_its_features_standardised() -> None:
    values = _dense()
    found = (
        BlockPreparer(20, 0)
        .fit(Block(values, PRESENT))
        .transform(Block(values, PRESENT))
    )
    known = values[PRESENT]
    expected = (known - known.mean(axis=0)) / known.std(axis=0)
    np.testing.assert_allclose(found[PRESENT], expected, rtol=1e-6, atol=1e-6)


def test_only_rows_that_have_the_modality_are_learned_from() -> None:
    values = _dense()
    other = values.copy()
    other[~PRESENT] = RNG.normal(size=other[~PRESENT].shape) * 1e3
    found, again = (
        BlockPreparer(5, 0).fit(Block(v, PRESENT)).transform(Block(values, PRESENT))
        for v in (values, other)
    )
    np.testing.assert_array_equal(found, again)
