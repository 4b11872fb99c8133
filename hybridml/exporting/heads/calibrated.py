"""Probabilities by Platt's sigmoid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hybridml.exceptions import ModelError
from hybridml.exporting.graph import Value
from hybridml.exporting.said import Said, both_classes

Convert = Callable[[Any, Value], Said]


def say_calibrated(estimator: Any, features: Value, convert: Convert) -> Said:
    """Classify as `CalibratedClassifierCV`: the mean of its calibrated classifiers."""
    parts = [
        _of_one(part, features, convert) for part in estimator.calibrated_classifiers_
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return Said(estimator.classes_, total / float(len(parts)))


def _of_one(part: Any, features: Value, convert: Convert) -> Value:
    if part.method != "sigmoid":
        raise ModelError(
            f"CalibratedClassifierCV(method={part.method!r}) cannot be exported; "
            "expected method='sigmoid', which make_head(..., calibrate=True) has."
        )
    said = convert(part.estimator, features)
    scores = said.scores if said.scores is not None else said.probabilities
    if scores is None or len(part.classes) != len(part.estimator.classes_):
        raise ModelError(
            "A calibrated classifier that lacks scores, or classes in one of its "
            "folds, cannot be exported. Calibrate with ensemble=False."
        )
    if said.scores is None and len(part.classes) == 2:
        scores = scores.take(np.array([1]), axis=1)
    slopes, offsets = (
        np.array([[getattr(each, name) for each in part.calibrators]])
        for name in ("a_", "b_")
    )
    certain = (-(scores * slopes + offsets)).op("Sigmoid")
    if len(part.classes) == 2:
        return both_classes(certain)
    total = certain.sum(1)
    uniform = 1.0 / len(part.classes)
    return (total > 0.0).op("Where", certain / total, uniform)
