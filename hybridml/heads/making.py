"""How a head is put together: scaling, the estimator, calibration, options."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from hybridml._checks import Problems, did_you_mean
from hybridml.heads.calibrated_head import CalibratedHead
from hybridml.heads.catalogue import HeadSpec, Task, get_head
from hybridml.heads.floored_scaler import FlooredScaler
from hybridml.heads.multilabel_head import MultiLabelHead
from hybridml.heads.scaled_target_head import ScaledTargetHead


def make_head(
    name: str,
    *,
    task: Task = "classification",
    calibrate: bool = False,
    class_weight: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
    **options: Any,
) -> Pipeline:
    """Build a shallow head: features are standardised, then an estimator learns.

    Parameters
    ----------
    name : str
        One of `list_heads`: "linear_svm", "rbf_svm", "logistic", "ridge", "xgboost".
    task : {"classification", "multilabel", "regression"}, default="classification"
        What is predicted: a class; several labels, each there or not (a classifier for
        each, see `MultiLabelHead`); one number or several. Support vector regression
        standardises its targets, too.
    calibrate : bool, default=False
        Give a classifier that only ranks a `predict_proba` (`CalibratedHead`). It then
        takes up to six times as long to fit. Where the classifier has probabilities
        anyway ("logistic", "xgboost") nothing changes.
    class_weight : "balanced", dict or None, default=None
        Weights of the classes, or of a label's 0 and 1; not for regression.
    random_state : int, RandomState or None, default=None
        Seed of whatever the estimator draws.
    n_jobs : int or None, default=None
        Threads of "xgboost", or calibration folds at the same time; the others do not
        run in parallel.
    **options
        Parameters of the estimator in place of the defaults, such as ``C=1.0``.

    Returns
    -------
    head : Pipeline
        With the steps "scale" (which passes everything through for trees) and "head".
        The estimator's parameters are "head__C" and the like, also when calibrated.

    Raises
    ------
    UnknownHeadError
        If no head of this name can do the task.
    InvalidParameterError
        If the estimator has no such option, or the task is unknown or does not go with
        `calibrate` or `class_weight`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> head = make_head("linear_svm", C=1.0, calibrate=True).fit(X, y)
    >>> head.predict_proba(X[:2]).shape
    (2, 3)
    """
    spec = get_head(name, task)
    estimator = spec.make(task)
    _check_options(spec, task, estimator, options, calibrate, class_weight)
    given = {"class_weight": class_weight, "random_state": random_state}
    if spec.runs_parallel:
        given["n_jobs"] = n_jobs
    accepted = estimator.get_params()
    common = {k: v for k, v in given.items() if v is not None and k in accepted}
    estimator.set_params(**common, **options)
    scale = FlooredScaler() if spec.scales_features else "passthrough"
    head = _wrap(spec, task, estimator, calibrate, n_jobs)
    return Pipeline([("scale", scale), ("head", head)])


def head_grid(
    name: str, task: Task = "classification", prefix: str = ""
) -> dict[str, list[Any]]:
    """Return a small search grid for a head made by `make_head`.

    Parameters
    ----------
    name : str
        One of `list_heads`.
    task : {"classification", "multilabel", "regression"}, default="classification"
        What the head predicts.
    prefix : str, default=""
        Put before each key, such as "clf__" where the head is a pipeline's step "clf".

    Returns
    -------
    grid : dict of {str: list}
        For GridSearchCV. The keys fit the head whether or not it is calibrated or takes
        several labels.

    Examples
    --------
    >>> head_grid("rbf_svm", prefix="clf__")
    {'clf__head__C': [1.0, 10.0, 100.0]}
    """
    grid = get_head(name, task).grid
    return {f"{prefix}head__{key}": list(values) for key, values in grid.items()}


def _check_options(
    spec: HeadSpec,
    task: Task,
    estimator: Any,
    options: dict[str, Any],
    calibrate: bool,
    class_weight: Any,
) -> None:
    problems = Problems(f"make_head({spec.name!r})")
    known = estimator.get_params()
    for option, value in options.items():
        expected = f"an option of {type(estimator).__name__}"
        cure = did_you_mean(option, known)
        problems.expect(option in known, option, value, expected, cure)
    classifies = task != "regression"
    problems.expect(
        classifies or not calibrate, "calibrate", calibrate, "False for regression"
    )
    problems.expect(
        classifies or class_weight is None,
        "class_weight",
        class_weight,
        "None for regression",
    )
    problems.raise_all()


def _wrap(
    spec: HeadSpec, task: Task, estimator: Any, calibrate: bool, n_jobs: int | None
) -> Any:
    if task == "regression":
        return ScaledTargetHead(estimator) if spec.scales_target else estimator
    if calibrate and not spec.gives_probabilities:
        estimator = CalibratedHead(estimator, n_jobs=n_jobs)
    return MultiLabelHead(estimator) if task == "multilabel" else estimator
