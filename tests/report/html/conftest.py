"""Reports of all kinds: with everything, with the least, of numbers, of labels."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hybridml.report.html import History, Mistake, ReportData

NAMES = ["case 1 (resnet18, layer3, svm)", "case 3 (resnet18)", "baseline"]


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    """A small photo."""
    written = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(written, "JPEG")
    return written.getvalue()


@pytest.fixture(scope="module")
def least() -> ReportData:
    """A report of one candidate, about which only its score is known."""
    return ReportData(
        title="Cats and dogs",
        verdict="Case 1 wins.",
        created="2026-01-31",
        scoring="accuracy",
        task="classification",
        leaderboard=pd.DataFrame({"candidate": NAMES[:1], "score": [0.9]}),
    )


@pytest.fixture(scope="module")
def full(least: ReportData, jpeg: bytes) -> ReportData:
    """A report with all sections."""
    truth = np.array(["cat", "dog"] * 20)
    layers = pd.DataFrame({"cut_layer": ["stem", "layer1"], "score": [0.6, 0.9]})
    layers = layers.assign(score_std=0.02)
    return replace(
        least,
        leaderboard=_leaderboard(),
        significance=_significance(),
        fold_scores=pd.DataFrame(
            {"candidate": np.repeat(NAMES, 2), "fold": [1, 2] * 3, "score": 0.8}
        ),
        layer_scores=layers.assign(backbone="resnet18", head="svm"),
        layer_curve=layers.assign(weights="random"),
        groups=[NAMES[:2]],
        histories=[History("case 3, fold 1", _history(), ["A good fit."])] * 2,
        truth=truth,
        predicted=np.where(np.arange(40) % 9, truth, "dog"),
        confidence=np.linspace(0.5, 1, 40),
        classes=["cat", "dog"],
        mistakes=[Mistake(jpeg, "cat.1.jpg", "cat", "dog", 0.98)],
        facts={"images": "40"},
        warnings=["Two images are the same."],
        environment={"Python": "3.12"},
        reproduce="comparison.to_html('report.html')",
    )


@pytest.fixture(scope="module")
def numbers(full: ReportData, jpeg: bytes) -> ReportData:
    """A report of a regression."""
    truth = np.arange(40.0)
    return replace(
        full,
        task="regression",
        scoring="neg_mean_absolute_error",
        truth=truth,
        predicted=truth + np.where(truth % 2, 1, -1),
        confidence=None,
        classes=[],
        mistakes=[Mistake(jpeg, "a.jpg", "8.0", "9.0")],
    )


@pytest.fixture(scope="module")
def labels(full: ReportData) -> ReportData:
    """A report of several labels an image."""
    return replace(
        full,
        task="multilabel",
        truth=np.array([[1, 0], [1, 1], [0, 1]]),
        predicted=np.array([[1, 0], [0, 1], [0, 1]]),
        confidence=None,
        classes=["sky", "sea"],
    )


def _leaderboard() -> pd.DataFrame:
    scores = np.array([0.9, 0.88, 0.6])
    return pd.DataFrame(
        {
            "candidate": NAMES,
            "case": pd.array([1, 3, None], dtype="Int64"),
            "score": scores,
            "score_low": scores - 0.03,
            "score_high": scores + 0.03,
            "score_std": 0.015,
            "n_folds": 5,
            "fit_time_s": [12.0, 340.0, 0.5],
            "predict_ms_per_image": [14.0, 14.5, 0.4],
            "model_mb": [44.7, 44.7, 0.1],
            "images_forwarded": [800, 9600, 0],
            "is_pareto": [True, False, True],
            "note": ["", "probe kept", None],
        }
    )


def _significance() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "candidate": NAMES[1:],
            "difference": [0.02, 0.3],
            "low": [-0.01, 0.25],
            "high": [0.05, 0.35],
            "p_value": [0.2, 1e-6],
            "p_adjusted": [0.4, 2e-6],
            "p_winner_better": [0.6, 1.0],
            "p_equivalent": [0.3, 0.0],
            "p_winner_worse": [0.1, 0.0],
            "n_folds": 5,
            "test": "corrected t test",
        }
    )


def _history() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": [0, 1, 2],
            "train_loss": [None, 0.5, 0.3],
            "valid_loss": [0.7, 0.4, 0.45],
            "valid_accuracy": [0.5, 0.8, 0.8],
        }
    )
