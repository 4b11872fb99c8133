from __future__ import annotations

import numpy as np
import pytest

from hybridml.models.stand_ins.pairs import Pairs

DICTS = (
    {(0, 1): "a", (0,): None},
    {1: 2.5, None: 3},
    {True: "yes", False: "no"},
    {"red": np.int64(0), "shoe": np.int64(1)},
    {"one": np.float32(0.5)},
)


@pytest.mark.parametrize("before", DICTS, ids=str)
def test_dict_comes_back_with_its_types(before: dict[object, object]) -> None:
    assert Pairs.suits(before)
    after = Pairs.of(before).restore({})
    assert after == before
    assert [*map(type, after)] == [*map(type, before)]
    assert [*map(type, after.values())] == [*map(type, before.values())]


@pytest.mark.parametrize("other", [{}, {"a": 1}, {"a": [1]}, [], None], ids=str)
def test_others_are_left_alone(other: object) -> None:
    assert not Pairs.suits(other)
