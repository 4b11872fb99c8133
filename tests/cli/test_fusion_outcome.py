"""What is shown of a comparison of fusions fits the terminal and says what it says."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from hybridml.cli.fusion_outcome import describe_passes, fusion_leaderboard

NAMES = ["candidate", "kind", "head", "score", "score_low", "score_high", "p_value"]
NAMES += ["fit_time_s", "predict_ms_per_image", "images_forwarded"]
GONE = float("nan")
LATE = "late fusion (stack)"
ROWS = [
    ("early fusion (logistic)", "early", "logistic", 0.9, 0.8, 1, GONE, 10.5, 20.2, 60),
    (LATE, "late", "logistic, rbf_svm, xgboost", 0.8, 0.7, 0.9, 0.04, 1000.5, 4.7, 0),
    ("photo alone", "alone", "rbf_svm", 0.7, 0.6, 0.8, 0.01, 5.0, 4.0, 0),
    ("guess", "baseline", "prior", 0.1, 0.1, 0.1, 0.0, 0.0, 0.0, 0),
]
TABLE = pd.DataFrame(ROWS, columns=NAMES).assign(n_folds=5)


def test_leaderboard_shows_the_rows_at_80_columns() -> None:
    console = Console(width=80, file=io.StringIO())
    with console.capture() as captured:
        console.print(fusion_leaderboard(TABLE, "accuracy"))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 80
    assert "Leaderboard (accuracy, mean over the folds)" in lines[0]
    expected = "early fusion (logistic) logistic 0.900 .80-1.00 - 10.5 20.2"
    assert lines[3].split() == expected.split()
    assert lines[4].split()[-5:] == ["0.800", ".70-.90", "0.04", "1000.5", "4.7"]
    assert lines[-1].split()[:3] == ["guessing", "prior", "0.100"]


@pytest.mark.parametrize(
    ("n_passes", "said"),
    [(0, "No image or sound went"), (1200, "1,200 times an image or a sound went")],
)
def test_passes_through_networks_are_told(n_passes: int, said: str) -> None:
    table = pd.DataFrame({"images_forwarded": [n_passes, 0]})
    assert describe_passes(table).startswith(said)
