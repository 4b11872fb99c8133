"""Estimators that hold others: several labels, several targets, targets on a scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hybridml.exporting.graph import Value, concatenate
from hybridml.exporting.said import Said

Convert = Callable[[Any, Value], Said]


def say_each_label(estimator: Any, features: Value, convert: Convert) -> Said:
    """Tell several labels as `MultiLabelHead`, a classifier for each."""
    said = [
        None if inner is None else convert(inner, features)
        for inner in estimator.estimators_
    ]
    shares = [float(share) for share in estimator.shares_]
    pairs = list(zip(said, shares, strict=True))
    has = {
        name: hasattr(estimator, method)
        for name, method in (
            ("probabilities", "predict_proba"),
            ("scores", "decision_function"),
        )
    }
    nothing = features.take(np.array([0]), axis=1) * 0.0

    def column(inner: Said | None, name: str, constant: float) -> Value:
        value = getattr(inner, name) if inner is not None else nothing + constant
        is_pair = inner is not None and name == "probabilities"
        return value.take(np.array([1]), axis=1) if is_pair else value

    present = [
        nothing + float(share > 0.5)
        if inner is None
        else inner.positions().reshape(-1, 1).cast(np.float64)
        for inner, share in pairs
    ]
    probabilities = (
        [column(inner, "probabilities", share) for inner, share in pairs]
        if has["probabilities"]
        else None
    )
    scores = (
        [
            column(inner, "scores", 1.0 if share > 0.5 else -1.0)
            for inner, share in pairs
        ]
        if has["scores"]
        else None
    )
    return Said(
        probabilities=None if probabilities is None else concatenate(probabilities),
        scores=None if scores is None else concatenate(scores),
        present=concatenate(present).cast(np.int64),
    )


def say_each_number(estimator: Any, features: Value, convert: Convert) -> Said:
    """Predict several numbers as `MultiOutputRegressor`, one by one."""
    said = [convert(inner, features).numbers for inner in estimator.estimators_]
    return Said(numbers=concatenate([value for value in said if value is not None]))


def say_rescaled(estimator: Any, features: Value, convert: Convert) -> Said:
    """Predict as `ScaledTargetHead`, in the unit of the targets."""
    inner = convert(estimator.regressor_, features).numbers
    scaler = estimator.scaler_
    assert inner is not None
    return Said(numbers=inner * scaler.scale_[None, :] + scaler.mean_[None, :])
