"""What each modality adds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import InvalidParameterError
from hybridml.fusion import (
    EarlyFusionClassifier,
    EarlyFusionRegressor,
    LateFusionClassifier,
)

WITH_NOISE = [
    ("numbers", StandardScaler(), ["size", "age"]),
    ("noise", StandardScaler(), ["noise"]),
    ("word", TfidfVectorizer(), "word"),
]


@pytest.mark.parametrize(
    "kind",
    [
        EarlyFusionClassifier,
        pytest.param(LateFusionClassifier, marks=pytest.mark.slow),
    ],
)
def test_what_tells_nothing_adds_nothing(kind: Any, table: Any) -> None:
    report = kind(WITH_NOISE, head="logistic").modality_report(*table, cv=3)
    found = report.table.set_index("modality")
    assert found["shapley"].sum() == pytest.approx(report.score - report.guess)
    assert abs(found.loc["noise", "shapley"]) < 0.1
    assert found.loc["numbers", "shapley"] > 0.15
    assert found.loc["word", "loss_without"] > 0
    assert found.loc["noise", "alone"] < found.loc["word", "alone"]
    assert (found["shapley_low"] <= found["shapley"]).all()
    assert report.agreement.loc["word", "word"] == 1
    assert len(report.subsets) == 8


def test_report_of_numbers(table: Any) -> None:
    frame, _ = table
    y = frame["size"] + 0.1 * frame["age"]
    model = EarlyFusionRegressor(
        [("a", StandardScaler(), ["size"]), ("b", StandardScaler(), ["noise"])],
        head="ridge",
    )
    report = model.modality_report(frame, y, cv=3)
    assert report.scoring == "r2"
    assert report.table["shapley"][0] > 0.5
    assert report.table["present"].tolist() == [1.0, 1.0]


def test_picture_names_the_modalities(table: Any, modalities: Any) -> None:
    model = EarlyFusionClassifier(modalities, head="logistic", weights="equal")
    figure = model.modality_report(*table, cv=2).plot()
    said = {text.get_text() for text in figure.findobj() if hasattr(text, "get_text")}
    assert {"numbers", "word"} <= said


def test_too_many_modalities_for_a_report(table: Any) -> None:
    many = [(f"m{i}", StandardScaler(), ["size"]) for i in range(9)]
    with pytest.raises(InvalidParameterError, match="at most 8 for a report"):
        EarlyFusionClassifier(many).modality_report(*table)


@pytest.mark.slow
def test_a_score_that_needs_probabilities_has_them(table: Any, modalities: Any) -> None:
    model = EarlyFusionClassifier(modalities, head="linear_svm", weights="equal")
    report = model.modality_report(*table, cv=2, scoring="neg_log_loss")
    assert np.isfinite(report.table["alone"]).all()
    assert report.guess == pytest.approx(-np.log(3), abs=0.02)
