"""Blocks are brought to one scale."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array, issparse

from hybridml.fusion.learning.block_scaler import BlockScaler
from hybridml.fusion.modalities.block import Block

PRESENT = np.array([True, True, True, False])


@pytest.mark.parametrize("width", [1, 50])
def test_rows_have_a_mean_square_length_of_one_whatever_the_width(width: int) -> None:
    values = np.random.default_rng(0).normal(5, 3, (4, width))
    block = Block(values, PRESENT)
    scaled = BlockScaler().fit(block).transform(block)
    assert np.square(scaled[:3]).sum(axis=1).mean() == pytest.approx(1)
    assert scaled[:3].mean(axis=0) == pytest.approx(np.zeros(width), abs=1e-12)
    assert (scaled[3] == 0).all()


def test_sparse_blocks_stay_sparse() -> None:
    values = csr_array(np.array([[0.0, 2.0], [4.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    block = Block(values, PRESENT)
    scaled = BlockScaler().fit(block).transform(block)
    assert issparse(scaled)
    assert scaled.nnz == 2


def test_a_constant_block_says_nothing() -> None:
    block = Block(np.full((4, 2), 7.0), PRESENT)
    assert (BlockScaler().fit(block).transform(block) == 0).all()


@pytest.mark.parametrize(("n_components", "width"), [(2, 2), (0.5, None), (99, 3)])
def test_principal_components_are_kept(
    n_components: int | float, width: int | None
) -> None:
    values = np.random.default_rng(0).normal(size=(4, 8))
    block = Block(values, PRESENT)
    scaled = BlockScaler(n_components).fit(block).transform(block)
    assert scaled.shape[0] == 4
    assert width is None or scaled.shape[1] == width


def test_singular_vectors_of_a_sparse_block_are_kept() -> None:
    values = csr_array(np.random.default_rng(0).integers(0, 2, (4, 8)).astype(float))
    block = Block(values, PRESENT)
    assert BlockScaler(2).fit(block).transform(block).shape == (4, 2)
