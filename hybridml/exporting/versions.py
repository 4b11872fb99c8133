"""Steps of another scikit-learn or XGBoost than is installed: refused by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from hybridml.exceptions import HybridMLError, ModelError
from hybridml.heads.xgboost_head import XGBoostClassifier, XGBoostRegressor
from hybridml.models.rebuilding import iterate_parts


def load_of_this_version(load: Callable[[], Any]) -> Any:
    """Load a model, unless another version of scikit-learn has saved it.

    scikit-learn tells so while it loads, and has forgotten it afterwards.

    Parameters
    ----------
    load : callable
        Is given nothing, and returns a fitted estimator.

    Returns
    -------
    estimator : fitted estimator

    Raises
    ------
    ModelError
        If another version has saved steps of it; also where that version's files
        cannot be loaded at all.
    """
    estimator, failure = None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InconsistentVersionWarning)
        try:
            estimator = load()
        except HybridMLError as exc:
            failure = exc
    told: list[InconsistentVersionWarning] = []
    for each in caught:
        if isinstance(each.message, InconsistentVersionWarning):
            told.append(each.message)
        else:
            warnings.warn_explicit(
                each.message, each.category, each.filename, each.lineno
            )
    if told:
        found = {each.estimator_name: each.original_sklearn_version for each in told}
        here = told[0].current_sklearn_version
        raise _refusal("scikit-learn", here, found, estimator) from failure
    if failure is not None:
        raise failure
    return estimator


def check_versions(estimator: Any) -> None:
    """Refuse trees that another version of XGBoost has fitted.

    Raises
    ------
    ModelError
    """
    heads = [
        part
        for part in iterate_parts(estimator)
        if isinstance(part, XGBoostClassifier | XGBoostRegressor)
    ]
    if not heads:
        return
    from xgboost import __version__ as here

    fitted_by = [
        (type(head).__name__, getattr(head, "xgboost_version_", here)) for head in heads
    ]
    found = {kind: other for kind, other in fitted_by if other != here}
    if found:
        raise _refusal("xgboost", here, found, estimator)


def _refusal(
    package: str, here: str, found: dict[str, str], estimator: Any
) -> ModelError:
    """Word it, of classes with the version that each is of."""
    other = next(iter(found.values()))
    steps = ", ".join(_with_names(found, estimator))
    return ModelError(
        f"Cannot export steps of {package} {other} while {here} is installed, which "
        f"may read them differently: {steps}. Fit the model again, or run: pip "
        f"install {package}=={other}"
    )


def _with_names(classes: Collection[str], estimator: Any) -> list[str]:
    """Add to each class which steps of the estimator's pipelines hold it."""
    told = [kind for kind in classes if kind != "Pipeline" and not kind.startswith("_")]
    steps: dict[str, dict[str, None]] = {kind: {} for kind in told or classes}
    for name, step in _named_steps(estimator):
        for kind in {type(part).__name__ for part in iterate_parts(step)} & {*steps}:
            steps[kind][repr(name)] = None
    return [
        f"{kind} (step {', '.join(names)})" if names else kind
        for kind, names in steps.items()
    ]


def _named_steps(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Give the steps of all pipelines but those that are pipelines themselves."""
    for part in iterate_parts(estimator):
        if isinstance(part, Pipeline):
            yield from (each for each in part.steps if type(each[1]) is not Pipeline)
