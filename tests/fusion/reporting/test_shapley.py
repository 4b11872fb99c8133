"""Shapley values."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from hybridml.fusion.reporting.shapley import shapley_values


def test_values_are_the_mean_gain_over_all_orders() -> None:
    rng = np.random.default_rng(0)
    subsets = [s for size in range(5) for s in combinations(range(4), size)]
    worth = {subset: float(rng.random()) for subset in subsets}
    gains = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        for place, player in enumerate(order):
            before, after = sorted(order[:place]), sorted(order[: place + 1])
            gains[player] += worth[tuple(after)] - worth[tuple(before)]
    values = shapley_values(worth, 4)
    assert values == pytest.approx(gains / len(orders))
    assert values.sum() == pytest.approx(worth[(0, 1, 2, 3)] - worth[()])
