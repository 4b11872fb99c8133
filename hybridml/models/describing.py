"""What an estimator takes and gives, in plain data."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from hybridml._image_input import kind_of_input, needs_arrays
from hybridml.exceptions import ModelError


def describe_estimator(estimator: Any) -> dict[str, Any]:
    """Tell class, task, classes and inputs of a fitted estimator, for `Manifest`.

    Raises
    ------
    ModelError
        If it is not a fitted classifier or regressor of images, sounds, or of a table
        with fusion.
    """
    name = type(estimator).__name__
    if not hasattr(estimator, "predict") or isinstance(estimator, type):
        raise ModelError(f"Got a {name}; expected a fitted classifier or regressor.")
    try:
        check_is_fitted(estimator)
    except NotFittedError as exc:
        raise ModelError(f"Got a {name} that is not fitted; call fit first.") from exc
    task, classes = _task(estimator)
    takes_table = hasattr(estimator, "input_kinds")
    return {
        "estimator": name,
        "task": task,
        "classes": classes,
        "inputs": _inputs(estimator),
        "takes_table": takes_table,
    }


def _task(estimator: Any) -> tuple[str, list[Any]]:
    if is_regressor(estimator):
        return "regression", []
    if not is_classifier(estimator) or not hasattr(estimator, "classes_"):
        name = type(estimator).__name__
        raise ModelError(f"Got a {name}; expected a classifier or a regressor.")
    classes = estimator.classes_
    if isinstance(classes, list):
        if any(len(each) != 2 for each in classes):
            raise ModelError("Several labels of more than two classes cannot be saved.")
        return "multilabel", list(range(len(classes)))
    if getattr(estimator, "multilabel_", False):
        raise ModelError(
            f"{type(estimator).__name__} does not tell its labels apart: expected "
            "classes_ to be a list with an array for each label."
        )
    return "classification", [_plain(label) for label in classes]


def _kind(estimator: Any) -> str:
    return "array" if needs_arrays(estimator) else kind_of_input(estimator)


def _column_name(column: Any) -> Any:
    name = _plain(column)
    if name != column:
        raise ModelError(
            f"Got a column {column!r}; expected text or numbers as names of columns."
        )
    return name


def _plain(label: Any) -> Any:
    value = label.item() if isinstance(label, np.generic) else label
    return value if isinstance(value, str | int | float | bool) else str(value)


def _inputs(estimator: Any) -> list[dict[str, Any]]:
    if hasattr(estimator, "input_kinds"):
        return [
            {"name": _column_name(column), "kind": kind}
            for column, kind in estimator.input_kinds().items()
        ]
    kind = _kind(estimator)
    if kind == "value":
        raise ModelError(
            f"Got a {type(estimator).__name__} that takes neither images nor a table "
            "with fusion. Save it with MLflow's own flavour for scikit-learn."
        )
    return [{"name": kind, "kind": kind}]
