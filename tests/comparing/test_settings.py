"""Limits, trackers and journals are checked, and named where they are wrong."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from hybridml import FeatureStore, RecordingTracker
from hybridml.comparing.settings import begin_budget, check_tracker, open_journal
from hybridml.exceptions import InvalidParameterError
from hybridml.tracking import NullTracker


def test_all_wrong_limits_are_named_at_once() -> None:
    with pytest.raises(InvalidParameterError, match="time_budget_s=0") as error:
        begin_budget("compare", 0, "wide")
    assert "rope='wide'" in str(error.value)


def test_no_limit_is_a_budget_without_end() -> None:
    assert math.isinf(begin_budget("compare", None, None).left())
    assert 0 < begin_budget("compare", 60, 0.0).left() <= 60


def test_tracker_is_returned_and_none_does_nothing() -> None:
    tracker = RecordingTracker()
    assert check_tracker(tracker) is tracker
    assert isinstance(check_tracker(None), NullTracker)


@pytest.mark.parametrize("wrong", ["mlflow", RecordingTracker, 3])
def test_what_is_no_tracker_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidParameterError, match="expected a tracker such as"):
        check_tracker(wrong)


def test_default_journal_lies_in_the_store(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    assert open_journal("default", store).folder == tmp_path / "store/comparisons"
    assert open_journal("default", None).folder is None
    assert open_journal(None, store).folder is None
    assert open_journal(str(tmp_path / "mine"), None).folder == tmp_path / "mine"


def test_what_is_no_journal_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="Got journal=3; expected 'def"):
        open_journal(3, None)
