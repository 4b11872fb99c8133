"""Which predictors of a pipeline can be exported, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from hybridml.exporting.foreign import say_by_skl2onnx
from hybridml.exporting.graph import Value
from hybridml.exporting.heads.calibrated import say_calibrated
from hybridml.exporting.heads.linear import (
    say_linear_numbers,
    say_linear_scores,
    say_logistic,
)
from hybridml.exporting.heads.support_vectors import say_svc, say_svr
from hybridml.exporting.heads.trees import say_xgboost_classes, say_xgboost_numbers
from hybridml.exporting.heads.wrapped import (
    say_each_label,
    say_each_number,
    say_rescaled,
)
from hybridml.exporting.said import Said
from hybridml.exporting.transformers import transform
from hybridml.heads.calibrated_head import CalibratedHead
from hybridml.heads.multilabel_head import MultiLabelHead
from hybridml.heads.scaled_target_head import ScaledTargetHead
from hybridml.heads.xgboost_head import XGBoostClassifier, XGBoostRegressor

_PLAIN: dict[type, Callable[[Any, Value], Said]] = {
    LinearRegression: say_linear_numbers,
    LinearSVC: say_linear_scores,
    LinearSVR: say_linear_numbers,
    LogisticRegression: say_logistic,
    LogisticRegressionCV: say_logistic,
    Ridge: say_linear_numbers,
    RidgeCV: say_linear_numbers,
    RidgeClassifier: say_linear_scores,
    RidgeClassifierCV: say_linear_scores,
    SVC: say_svc,
    SVR: say_svr,
    XGBoostClassifier: say_xgboost_classes,
    XGBoostRegressor: say_xgboost_numbers,
}
_HOLDING_OTHERS: dict[type, Callable[..., Said]] = {
    CalibratedClassifierCV: say_calibrated,
    MultiLabelHead: say_each_label,
    MultiOutputRegressor: say_each_number,
    ScaledTargetHead: say_rescaled,
}
_KNOWN = ", ".join(sorted(kind.__name__ for kind in (*_PLAIN, *_HOLDING_OTHERS)))


def say(predictor: Any, features: Value) -> Said:
    """Add a fitted predictor behind features.

    Parameters
    ----------
    predictor : classifier, regressor, or pipeline that ends in one
    features : Value of shape (n, n_features), float64

    Raises
    ------
    ModelError
        If it, or a step before it, cannot be exported; the message names it.
    """
    kind = type(predictor)
    if kind is Pipeline:
        *steps, last = list_steps(predictor)
        for step in steps:
            features = transform(step, features)
        return say(last, features)
    if kind is CalibratedHead:
        return say(predictor.calibrated_, features)
    if kind in _PLAIN:
        return _PLAIN[kind](predictor, features)
    if kind in _HOLDING_OTHERS:
        return _HOLDING_OTHERS[kind](predictor, features, say)
    return say_by_skl2onnx(predictor, features, _KNOWN)


def list_steps(pipeline: Pipeline) -> list[Any]:
    """List the steps of a pipeline, and of those in it, that do something."""
    found: list[Any] = []
    for _, step in pipeline.steps:
        if type(step) is Pipeline:
            found += list_steps(step)
        elif step is not None and not isinstance(step, str):
            found.append(step)
    return found
