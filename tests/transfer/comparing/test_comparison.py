"""What a comparison found can be asked for, kept and passed on."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from hybridml import TransferComparison, compare_transfer_cases
from hybridml.exceptions import UnknownNameError
from hybridml.testing import make_photos, register_tiny_backbone

COMMON: dict[str, Any] = {"backbones": "tiny", "store": None, "epochs": 2, "cv": 4}


@pytest.fixture(scope="module")
def found() -> TransferComparison:
    """Photos of which some are called by the wrong name."""
    register_tiny_backbone()
    X, y = make_photos(32)
    y[[3, 8, 20]] = y[[2, 9, 21]]
    return compare_transfer_cases(X, y, cases=[0, 1, 3], heads="ridge", **COMMON)


def test_any_row_can_be_fitted_on_all_the_images(found: TransferComparison) -> None:
    model = found.fit("case 1, all layers (tiny)")
    assert type(model).__name__ == "AllLayersClassifier"
    assert model.predict_proba(make_photos(4)[0]).shape == (4, 2)
    assert found.fit(found.economical["candidate"]).predict(make_photos(2)[0]).size == 2


def test_unknown_row_is_told_what_there_is(found: TransferComparison) -> None:
    with pytest.raises(UnknownNameError, match=r"'case 3 \(tiny\)'"):
        found.fit("case 3")


def test_predictions_are_those_of_the_test_folds(found: TransferComparison) -> None:
    told = found.predictions("case 3 (tiny)")
    assert told["image"].tolist() == list(range(32))
    right = told.groupby("fold")[["target", "predicted"]].apply(
        lambda rows: (rows["target"] == rows["predicted"]).mean()
    )
    folds = found.fold_scores
    scores = folds[folds["candidate"] == "case 3 (tiny)"].set_index("fold")["score"]
    np.testing.assert_allclose(right, scores)
    assert told["confidence"].between(0.5, 1).all()


def test_without_probabilities_there_is_no_confidence(
    found: TransferComparison,
) -> None:
    assert found.predictions("case 1 (tiny)")["confidence"].isna().all()


def test_learning_curves_are_those_of_trained_rows(found: TransferComparison) -> None:
    assert list(found.histories) == ["case 3 (tiny)"]
    assert found.histories["case 3 (tiny)"]["epoch"].tolist() == [0, 1, 2]


def test_json_has_no_numbers_that_are_none(found: TransferComparison) -> None:
    told = json.loads(found.to_json(), parse_constant=pytest.fail)
    (guess,) = [row for row in told["table"] if row["candidate"] == "baseline"]
    assert guess["case"] is None
    assert told["winner"] == told["table"][0]
    assert told["winner"]["p_value"] is None
    assert told["warnings"] == found.warnings


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_picture_is_saved_where_a_path_is_given(
    found: TransferComparison, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"leaderboard{ending}"
    assert isinstance(found.plot(path), Figure)
    assert path.stat().st_size > 1000


def test_comparison_survives_pickling(found: TransferComparison) -> None:
    again = pickle.loads(pickle.dumps(found))
    assert again.verdict == found.verdict
    pd.testing.assert_frame_equal(again.predictions(), found.predictions())


def test_report_shows_mistakes_and_how_it_was_made(
    found: TransferComparison, tmp_path: Path
) -> None:
    text = found.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "data:image/jpeg;base64," in text
    assert "compare_transfer_cases(" in text
    assert "cases=[0, 1, 3]" in text
    for word in ("baseline", "all layers", "32"):
        assert word in text


@pytest.mark.parametrize(
    "targets",
    [
        pytest.param(np.arange(32) / 7, id="numbers"),
        pytest.param(
            np.c_[np.arange(32) % 2, np.arange(32) % 3 == 0].astype(int),
            id="labels",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            np.c_[np.arange(32) / 7, np.arange(32) / 3],
            id="several numbers",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_numbers_and_labels_are_compared_and_reported(
    targets: Any, tmp_path: Path
) -> None:
    X, _ = make_photos(32)
    quick = {**COMMON, "cv": 2, "epochs": 1}
    found = compare_transfer_cases(X, targets, heads="ridge", **quick)
    assert found.table["score"].notna().all()
    assert math.isfinite(found.winner["score_low"])
    assert len(found.predictions("baseline")) == 32
    assert found.to_html(tmp_path / "report.html").stat().st_size > 10_000
    assert found.best_estimator.predict(X[:2]).shape == targets[:2].shape
