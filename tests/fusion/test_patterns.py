"""Which model is asked where modalities are missing."""

from __future__ import annotations

import numpy as np

from hybridml.fusion.patterns import find_patterns, nearest_pattern, plan_patterns


def test_every_row_is_in_one_pattern() -> None:
    presence = np.random.default_rng(0).random((50, 3)) < 0.5
    found = find_patterns(presence)
    assert sorted(np.concatenate(list(found.values()))) == list(range(50))
    for pattern, rows in found.items():
        assert (presence[rows].nonzero()[1].reshape(len(rows), -1) == pattern).all()


def test_all_sets_of_four_modalities_are_planned_the_full_one_first() -> None:
    planned = plan_patterns(np.ones((2, 4), dtype=bool))
    assert len(planned) == 15
    assert planned[0] == (0, 1, 2, 3)


def test_of_more_modalities_what_occurs_is_planned() -> None:
    presence = np.ones((2, 6), dtype=bool)
    presence[1, [0, 1, 2]] = False
    planned = plan_patterns(presence)
    assert (3, 4, 5) in planned
    assert len(planned) == 1 + 6 + 6 + 1


def test_nearest_pattern_uses_nothing_that_is_missing() -> None:
    known = [(0, 1, 2), (1, 2), (0,)]
    assert nearest_pattern((1, 2, 3), known) == (1, 2)
    assert nearest_pattern((3,), known) is None
