"""Argument errors have one grammar, and all of an estimator's come at once."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from hybridml._checks import (
    Problems,
    check_name,
    describe,
    did_you_mean,
    is_count,
    is_number,
    is_span,
    list_names,
)
from hybridml.exceptions import (
    HybridMLError,
    InvalidParameterError,
    UnknownHeadError,
    UnknownNameError,
)


def test_error_says_what_was_got_and_what_was_expected() -> None:
    assert describe("n", 0, "a count") == "Got n=0; expected a count."
    assert describe("n", "0", "a count", "Try 1.") == (
        "Got n='0'; expected a count. Try 1."
    )


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("resnet5O", "Did you mean 'resnet50'?"),
        ("resnet", "Did you mean 'resnet50'?"),
        ("squid", ""),
        (50, ""),
        (None, ""),
    ],
)
def test_the_nearest_name_is_suggested(value: object, hint: str) -> None:
    assert did_you_mean(value, ["vgg16", "resnet50"]) == hint


def test_known_name_passes() -> None:
    check_name("head", "ridge", {"ridge": 1}, expected="a head")


@pytest.mark.parametrize("value", ["rigde", None, ["ridge"], 3])
def test_unknown_name_is_an_error_of_the_kind_asked_for(value: object) -> None:
    message = r"^Got head=.*; expected a head\. .*See list_heads\(\)\.$"
    with pytest.raises(UnknownHeadError, match=message):
        check_name(
            "head",
            value,
            ["ridge"],
            expected="a head",
            see="list_heads()",
            error=UnknownHeadError,
        )


def test_unknown_name_without_a_list_to_see_ends_after_the_hint() -> None:
    with pytest.raises(UnknownNameError, match=r"expected a head\.$"):
        check_name("head", "squid", ["ridge"], expected="a head")


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "'a'"), (["a", "b"], "'a' or 'b'"), ("abc", "'a', 'b' or 'c'")],
)
def test_names_are_listed_in_words(names: Any, text: str) -> None:
    assert list_names(names) == text


def test_all_problems_are_raised_at_once() -> None:
    problems = Problems("Extractor")
    problems.expect(True, "device", "cpu", "a device")
    problems.expect(False, "n_jobs", 0, "a count")
    problems.expect(False, "size", -1, "a size", "Try 224.")
    message = (
        r"^Extractor: Got n_jobs=0; expected a count\. Got size=-1; expected a size\. "
        r"Try 224\.$"
    )
    with pytest.raises(InvalidParameterError, match=message) as caught:
        problems.raise_all()
    assert isinstance(caught.value, HybridMLError | ValueError)


def test_no_problems_raise_nothing() -> None:
    problems = Problems("Extractor")
    problems.expect(True, "n_jobs", 1, "a count")
    problems.raise_all()


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(1)])
def test_whole_numbers_are_counts(value: Any) -> None:
    assert is_count(value)


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "1", None, np.float64(2), [1]])
def test_all_else_is_no_count(value: Any) -> None:
    assert not is_count(value)


def test_the_smallest_count_can_be_chosen() -> None:
    assert is_count(0, minimum=0)
    assert not is_count(1, minimum=2)


@pytest.mark.parametrize("value", [0, 0.5, 1, np.float32(0.25), Fraction(1, 3)])
def test_real_numbers_within_bounds_are_numbers(value: Any) -> None:
    assert is_number(value, high=1.0)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), True, "0.5", None, 1j])
def test_all_else_is_no_number(value: Any) -> None:
    assert not is_number(value, high=1.0)


@pytest.mark.parametrize("value", [(0, 1), (0.5, 0.5), [0.2, 1.0]])
def test_two_ascending_numbers_are_a_span(value: Any) -> None:
    assert is_span(value, low=0.0, high=1.0)


@pytest.mark.parametrize("value", [0.5, (0.5,), (0.6, 0.5), (0, 2), ("0", 1), None])
def test_all_else_is_no_span(value: Any) -> None:
    assert not is_span(value, low=0.0, high=1.0)
