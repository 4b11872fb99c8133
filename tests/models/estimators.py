"""Fitted estimators of every kind, quick ones, for the tests of saved models."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridml import (
    AllLayersClassifier,
    AllLayersRegressor,
    DeepFeatureExtractor,
    EarlyFusionClassifier,
    EarlyFusionRegressor,
    FineTuneRegressor,
    IntermediateFusionClassifier,
    IntermediateFusionRegressor,
    LateFusionClassifier,
    LateFusionRegressor,
    SpectrogramExtractor,
    TransferClassifier,
    TransferRegressor,
    make_head,
)
from hybridml.testing import make_photos, register_tiny_backbone
from hybridml.transfer import LayerEnsembleClassifier, LayerEnsembleRegressor

N_ROWS = 24
QUICK = {"backbone": register_tiny_backbone(), "store": None}


@cache
def photos() -> tuple[Any, Any]:
    """Images and three classes."""
    return make_photos(N_ROWS, n_classes=3)


@cache
def table() -> pd.DataFrame:
    """Photos, a text, a number and a category of each row; some are missing."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "photo": list(photos()[0]),
            "text": ["red shoe", "blue shirt", "green bag"] * (N_ROWS // 3),
            "price": rng.normal(size=N_ROWS),
            "shop": ["a", "b"] * (N_ROWS // 2),
            "seen": pd.date_range("2020-01-01", periods=N_ROWS, freq="37D", tz="UTC"),
            "sold": pd.date_range("2020", periods=N_ROWS, tz="Europe/Berlin"),
            "open": pd.to_timedelta(np.arange(N_ROWS) % 5, unit="h"),
        }
    )
    frame.loc[[3, 7], "price"] = np.nan
    frame.loc[[5], "text"] = None
    return frame


@cache
def sounds() -> list[Any]:
    """Tones of three pitches, half a second each."""
    rng = np.random.default_rng(0)
    time_s = np.arange(8000) / 16000
    pitches = np.tile([200, 800, 3000], N_ROWS // 3)
    noise = rng.normal(0, 0.01, (N_ROWS, len(time_s)))
    waves = np.sin(2 * np.pi * pitches[:, None] * time_s) + noise
    return list(waves.astype(np.float32))


def modalities() -> list[Any]:
    """Photo, text and table."""
    return [
        ("photo", DeepFeatureExtractor(**QUICK), "photo"),
        ("text", "text", "text"),
        ("table", "tabular", ["price", "shop", "seen", "sold", "open"]),
    ]


def fitted(name: str) -> tuple[Any, Any]:
    """Fit the estimator of a name; return it with its X."""
    return _fitted(name)


@cache
def _fitted(name: str) -> tuple[Any, Any]:
    make, kind = MAKERS[name]
    X: Any = {"table": table, "sounds": sounds}.get(kind, lambda: photos()[0])()
    labels = photos()[1]
    numbers = np.linspace(0, 1, N_ROWS)
    several = np.column_stack([labels == "class0", labels == "class1"]).astype(int)
    task = name.split(" ")[0].strip(",")
    two = np.where(labels == "class2", "class1", labels)
    y = {"numbers": numbers, "several": several, "two": two}.get(task, labels)
    return make().fit(X, y), X


def _case(case: int, **options: Any) -> Callable[[], Any]:
    return lambda: TransferClassifier(case=case, **QUICK, **options)


def _fusion(kind: Any, **options: Any) -> Callable[[], Any]:
    return lambda: kind(modalities(), **options)


def _pipeline() -> Any:
    extractor = DeepFeatureExtractor(**QUICK)
    return make_pipeline(extractor, StandardScaler(), PCA(4), make_head("linear_svm"))


def _search(head: str, task: str) -> Any:
    extractor = DeepFeatureExtractor(**QUICK)
    pipeline = make_pipeline(extractor, make_head(head, task=task))
    grid = {"deepfeatureextractor__cut_layer": ["stage1", "penultimate"]}
    return GridSearchCV(pipeline, grid, cv=2)


def _with_union() -> Any:
    union = FeatureUnion(
        [
            ("early", DeepFeatureExtractor(**QUICK, cut_layer="stage1")),
            ("late", DeepFeatureExtractor(**QUICK)),
        ]
    )
    return EarlyFusionClassifier([("photo", union, "photo"), modalities()[2]])


def _with_threshold() -> Any:
    model = TransferClassifier(**QUICK, head="logistic")
    return FixedThresholdClassifier(model, threshold=0.99, pos_label="class1")


def _with_predictor() -> Any:
    of_photos = TransferClassifier(**QUICK, head="logistic")
    return LateFusionClassifier([("photo", of_photos, "photo"), modalities()[2]])


def _of_sounds() -> Any:
    encoder = SpectrogramExtractor(**QUICK, cut_layer="stage1", sample_rate=16000)
    return make_pipeline(encoder, make_head("logistic"))


def _tune(**options: Any) -> Callable[[], Any]:
    return lambda: FineTuneRegressor(**QUICK, epochs=1, **options)


MAKERS: dict[str, tuple[Callable[[], Any], str]] = {
    "case 0": (_case(0), ""),
    "case 1, linear_svm": (_case(1, calibrate=True), ""),
    "case 1, logistic": (_case(1, head="logistic"), ""),
    "case 1, rbf_svm": (_case(1, head="rbf_svm", calibrate=True), ""),
    "case 1, ridge": (_case(1, head="ridge"), ""),
    "case 1, xgboost": (_case(1, head="xgboost"), ""),
    "case 1, search": (_case(1, cut_layer="all", head=["linear_svm", "logistic"]), ""),
    "case 2": (_case(2, epochs=1), ""),
    "case 3": (_case(3, epochs=1), ""),
    "all layers": (lambda: AllLayersClassifier(**QUICK), ""),
    "ensemble": (lambda: LayerEnsembleClassifier(DeepFeatureExtractor(**QUICK)), ""),
    "pipeline": (_pipeline, ""),
    "search": (lambda: _search("logistic", "classification"), ""),
    "numbers, grid": (lambda: _search("ridge", "regression"), ""),
    "several labels, case 0": (_case(0), ""),
    "several labels, case 1": (_case(1, head="xgboost"), ""),
    "several labels, case 2": (_case(2, epochs=1), ""),
    "numbers, ridge": (lambda: TransferRegressor(**QUICK, head="ridge"), ""),
    "numbers, rbf_svm": (lambda: TransferRegressor(**QUICK, head="rbf_svm"), ""),
    "numbers, xgboost": (lambda: TransferRegressor(**QUICK, head="xgboost"), ""),
    "numbers, search": (lambda: TransferRegressor(**QUICK, cut_layer="all"), ""),
    "numbers, tuned": (_tune(), ""),
    "numbers, all layers": (lambda: AllLayersRegressor(**QUICK), ""),
    "numbers, ensemble": (
        lambda: LayerEnsembleRegressor(DeepFeatureExtractor(**QUICK)),
        "",
    ),
    "two classes, threshold": (_with_threshold, ""),
    "sounds": (_of_sounds, "sounds"),
    "early, union": (_with_union, "table"),
    "early": (_fusion(EarlyFusionClassifier), "table"),
    "numbers, early": (_fusion(EarlyFusionRegressor), "table"),
    "late, mean": (_fusion(LateFusionClassifier, combine="mean"), "table"),
    "late, weighted": (_fusion(LateFusionClassifier, combine="weighted"), "table"),
    "late, stack": (_fusion(LateFusionClassifier, combine="stack"), "table"),
    "late, predictor": (_with_predictor, "table"),
    "numbers, late": (_fusion(LateFusionRegressor), "table"),
    "intermediate, gated": (_fusion(IntermediateFusionClassifier, epochs=2), "table"),
    "intermediate, concat": (
        _fusion(IntermediateFusionClassifier, epochs=2, method="concat"),
        "table",
    ),
    "intermediate, low_rank": (
        _fusion(IntermediateFusionClassifier, epochs=2, method="low_rank"),
        "table",
    ),
    "intermediate, attention": (
        _fusion(IntermediateFusionClassifier, epochs=2, method="attention"),
        "table",
    ),
    "numbers, intermediate": (_fusion(IntermediateFusionRegressor, epochs=2), "table"),
}
QUICK_ONES = ("case 0", "case 1, linear_svm", "case 1, xgboost", "case 2", "pipeline")


def outputs(estimator: Any, X: Any) -> list[Any]:
    """All that an estimator says of X."""
    names = ("predict", "predict_proba", "decision_function")
    return [getattr(estimator, name)(X) for name in names if hasattr(estimator, name)]
