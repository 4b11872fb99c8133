"""Data that no report can be made of is refused at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.report.html import ReportData


def test_unknown_task_is_refused(least: ReportData) -> None:
    with pytest.raises(InvalidParameterError, match="Got task='ranking'; expected one"):
        replace(least, task="ranking")


def test_leaderboard_needs_rows_and_columns(least: ReportData) -> None:
    with pytest.raises(DataError, match="lacks 'candidate'; expected at least one row"):
        replace(least, leaderboard=pd.DataFrame({"score": [0.9]}))
    with pytest.raises(DataError, match="The leaderboard is empty"):
        replace(least, leaderboard=least.leaderboard.iloc[:0])


def test_predictions_are_as_many_as_truths(least: ReportData) -> None:
    with pytest.raises(DataError, match="Got 3 truths and 0 predictions"):
        replace(least, truth=np.zeros(3))
    both = {"truth": np.zeros(3), "predicted": np.zeros(3)}
    with pytest.raises(DataError, match="Got 2 confidences; expected 3"):
        replace(least, **both, confidence=np.zeros(2))
