"""Every image belongs to one process, and all have as many in each stretch."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from hybridml.finetune.feeding.training_data import TrainingData
from hybridml.finetune.parallel.shards import deal_images, deal_order

counts = st.integers(1, 60)
processes = st.integers(1, 5)


def _data(n_train: int, n_held_out: int, n_idle: int) -> TrainingData:
    n_images = n_train + n_held_out + n_idle
    order = np.random.default_rng(n_images).permutation(n_images)
    train, held_out, _ = np.split(order, [n_train, n_train + n_held_out])
    ones = torch.ones(n_images)
    return TrainingData(ones, ones, np.sort(train), np.sort(held_out))


@given(counts, counts, counts, processes)
def test_images_of_each_part_are_dealt_out_evenly(
    n_train: int, n_held_out: int, n_idle: int, n_owners: int
) -> None:
    data = _data(n_train, n_held_out, n_idle)
    n_images = n_train + n_held_out + n_idle
    owners = deal_images(data, n_images, n_owners, random_state=0)
    for part in (np.arange(n_images), data.train, data.held_out):
        found = np.bincount(owners[part], minlength=n_owners)
        assert found.max() - found.min() <= 1


def test_deal_is_random_and_the_same_for_one_seed() -> None:
    data = _data(30, 10, 0)
    deals = [deal_images(data, 40, 2, random_state=seed) for seed in (0, 0, 1)]
    assert np.array_equal(deals[0], deals[1])
    assert not np.array_equal(deals[0], deals[2])
    assert 0 < deals[0][data.train[::2]].sum() < 15  # neighbours are not told apart


@given(st.integers(2, 60), processes, st.integers(0, 99))
def test_each_stretch_has_images_of_all(n: int, n_owners: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    owners = rng.permutation(np.arange(n) % n_owners)
    order = rng.permutation(n)
    dealt = deal_order(order, owners)
    assert sorted(dealt) == list(range(n))
    for start in range(0, n - 2 * n_owners + 1):
        stretch = owners[dealt[start : start + 2 * n_owners]]
        assert len(set(stretch)) == n_owners
    if n >= 2 * n_owners:  # what may be left over as the last batch
        assert np.bincount(owners[dealt[-2 * n_owners :]]).min() == 2
    for one in range(n_owners):
        own = [i for i in order if owners[i] == one]
        assert [i for i in dealt if owners[i] == one] == own
