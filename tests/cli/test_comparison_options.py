"""Options of comparisons: minutes become seconds, and words."""

from __future__ import annotations

from hybridml.cli.comparison_options import say_limit, time_limit


def test_minutes_become_seconds() -> None:
    assert time_limit(2.5) == {"time_budget_s": 150.0}


def test_no_minutes_are_no_limit_and_none_said_is_the_librarys() -> None:
    assert time_limit(0) == {"time_budget_s": None}
    assert time_limit(None) == {}


def test_limit_is_said_in_minutes() -> None:
    assert say_limit(2.5, 20) == "in about 2.5 minutes"
    assert say_limit(None, 20) == "in about 20 minutes"
    assert say_limit(0, 20) == "without a time limit"
