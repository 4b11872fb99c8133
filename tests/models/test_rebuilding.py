from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.utils import Bunch

from hybridml.models.rebuilding import iterate_parts, rebuild

Point = namedtuple("Point", "x y")


def test_containers_are_copied_and_the_rest_is_not() -> None:
    array = np.zeros(3)
    before = {"a": [1, (2, {3})], "p": Point(4, array), "o": OrderedDict(x=1)}
    after = rebuild(before)
    assert after == before
    assert after is not before
    assert after["a"] is not before["a"]
    assert after["p"].y is array
    assert type(after["p"]) is Point
    assert type(after["o"]) is OrderedDict


def test_objects_are_copied_by_their_attributes() -> None:
    model = Ridge(alpha=2.0).fit([[0.0], [1.0]], [0.0, 1.0])
    copied = rebuild(model)
    assert copied is not model
    assert copied.alpha == 2.0
    np.testing.assert_array_equal(copied.coef_, model.coef_)


def test_one_thing_in_two_places_stays_one() -> None:
    shared = [1]
    after = rebuild([shared, shared])
    assert after[0] is after[1]


def test_object_that_holds_itself_is_copied() -> None:
    model = Ridge()
    model.me = model
    copied = rebuild(model)
    assert copied.me is copied


def test_arrays_of_objects_are_walked_through() -> None:
    array = np.array([[1, "a"], [None, 2.5]], dtype=object)
    after = rebuild(array, after=lambda v: "b" if isinstance(v, str) else v)
    assert after.tolist() == [[1, "b"], [None, 2.5]]
    assert array[0, 1] == "a"


def test_what_is_put_in_place_beforehand_is_walked_through() -> None:
    closed = ("closed",)

    def open_up(value: Any) -> Any:
        return ["in", 1] if value is closed else value

    after = rebuild([closed], before=open_up, after=lambda v: 9 if v == "in" else v)
    assert after == [[9, 1]]


def test_parts_are_given_once() -> None:
    shared = [Ridge()]
    parts = [p for p in iterate_parts([shared, shared]) if isinstance(p, Ridge)]
    assert parts == shared


def test_kinds_of_dicts_stay_what_they_are() -> None:
    before = {"b": Bunch(x=[1]), "d": defaultdict(list, {"y": [2]})}
    after = rebuild(before, after=lambda v: v + 1 if isinstance(v, int) else v)
    assert type(after["b"]) is Bunch
    assert after["b"].x == [2]
    assert after["d"]["y"] == [3]
    assert after["d"]["new"] == []
    assert before["b"].x == [1]
