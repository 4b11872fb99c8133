"""From an estimator of images to its extractor and the head behind it."""

from __future__ import annotations

from typing import Any

from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from hybridml.exceptions import FusingError
from hybridml.features.extractor import DeepFeatureExtractor


def take_apart(estimator: Any) -> tuple[DeepFeatureExtractor, Pipeline]:
    """Find the extractor and all the steps behind it.

    Parameters
    ----------
    estimator : fitted estimator
        A pipeline from an extractor to a head, or what has chosen or made one: a
        `TransferClassifier` of case 1, a search.

    Returns
    -------
    extractor : DeepFeatureExtractor
    head : Pipeline
        The steps behind the extractor, those of pipelines within it one by one.

    Raises
    ------
    FusingError
        If there is no extractor in front.
    NotFittedError
        If the estimator is not fitted.
    """
    check_is_fitted(estimator)
    inner = innermost(estimator)
    steps = _flatten(inner) if isinstance(inner, Pipeline) else []
    if len(steps) < 2 or not isinstance(steps[0][1], DeepFeatureExtractor):
        raise FusingError(
            f"Got {type(inner).__name__}; expected a pipeline of a "
            "DeepFeatureExtractor and a head, such as case 1 of the transfer cases."
        )
    return steps[0][1], Pipeline(steps[1:])


def innermost(estimator: Any) -> Any:
    """Return what predicts, where an estimator only hands on to what it chose."""
    hands_on = type(estimator).__module__.startswith("hybridml.")
    for name in ("estimator_", "best_estimator_"):
        if hasattr(estimator, name) and (
            hands_on or isinstance(estimator, BaseSearchCV)
        ):
            return innermost(getattr(estimator, name))
    return estimator


def _flatten(pipeline: Pipeline) -> list[tuple[str, Any]]:
    steps: list[tuple[str, Any]] = []
    for name, step in pipeline.steps:
        if isinstance(step, Pipeline):
            steps += [(f"{name}__{inner}", part) for inner, part in _flatten(step)]
        else:
            steps.append((name, step))
    return steps
