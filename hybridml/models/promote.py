"""`promote`: a registered version against the champion, on rows new to both."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridml.comparing.challenge import challenge_fitted
from hybridml.comparing.data import Data
from hybridml.comparing.scoring import check_scoring
from hybridml.comparing.tasks import Task, check_targets
from hybridml.exceptions import ModelError
from hybridml.images.door import as_images
from hybridml.models.describing import describe_estimator
from hybridml.models.loading import load_model
from hybridml.models.promotion import ALPHA, Promotion, is_better, word_evidence
from hybridml.models.registry import CHALLENGER, CHAMPION, Registry


def promote(
    name: str,
    X: Any = None,
    y: Any = None,
    *,
    version: int | None = None,
    scoring: Any = None,
    alpha: float = ALPHA,
    reason: str = "",
    tracking_uri: str | None = None,
) -> Promotion:
    """Make a registered version the champion if it beats the present one.

    Both predict rows that neither was fitted on, as they are registered. The champion
    before it keeps its version and loses the alias.

    Parameters
    ----------
    name : str
        Of the registered model.
    X : images, or DataFrame of n_rows rows, or None
        As the model takes them; new to both. None only with a `reason`.
    y : array-like of shape (n_rows,) or (n_rows, n_targets), or None
    version : int or None, default=None
        None stands for the one with the alias "challenger".
    scoring : str, callable or None, default=None
        Any scorer of scikit-learn; None stands for accuracy, or for R squared.
    alpha : float, default=0.05
        Level of the test, a paired bootstrap over the rows.
    reason : str, default=""
        Given instead of data, it is the evidence, and there is no test.
    tracking_uri : str or None, default=None
        As in `MLflowTracker`.

    Returns
    -------
    promotion : Promotion
        The version is the challenger where it was not shown to be better.

    Raises
    ------
    ModelError
        If there is no such version, it is the champion already, or neither data nor a
        reason is given.
    """
    registry = Registry(tracking_uri)
    champion = registry.version_of(name, CHAMPION)
    version = _find(registry, name, version)
    if version == champion:
        raise ModelError(f"Version {version} of {name!r} is the champion already.")
    result, alias = None, CHAMPION
    if reason:
        evidence = f"Promoted without a test: {reason}"
    elif champion is None:
        evidence = "The first champion: there was none to beat."
    elif X is None or y is None:
        raise ModelError(
            "Got neither rows to test on nor a reason; expected X and y that are new "
            "to both versions, or reason='...'."
        )
    else:
        one, other = (
            load_model(f"models:/{name}/{number}", tracking_uri=registry.uri)
            for number in (version, champion)
        )
        data = _data(one, X, y, scoring)
        result = challenge_fitted(one, other, data)
        said = f"{len(data.targets):,} rows new to both"
        evidence = word_evidence(
            result, champion, scoring=data.scoring_name, data=said, alpha=alpha
        )
        alias = CHAMPION if is_better(result, alpha) else CHALLENGER
    promotion = Promotion(name, version, alias, evidence, result)
    _record(registry, promotion)
    return promotion


def _find(registry: Registry, name: str, version: int | None) -> int:
    found = registry.version_of(name, CHALLENGER) if version is None else version
    if found is None:
        raise ModelError(
            f"The model {name!r} has no version with the alias 'challenger'. Name a "
            "version, or register one: register_winner, log_model(registered_name=...)."
        )
    registry.check_version(name, found)
    return found


def _data(estimator: Any, X: Any, y: Any, scoring: Any) -> Data:
    described = describe_estimator(estimator)
    task: Task = described["task"]
    inputs = X if described["takes_table"] else as_images(X)
    targets = np.asarray(check_targets(y, len(inputs), task))
    chosen = scoring or ("r2" if task == "regression" else "accuracy")
    check_scoring(chosen, targets, task)
    return Data(inputs, targets, (), chosen, task)


def _record(registry: Registry, promotion: Promotion) -> None:
    name, version = promotion.name, promotion.version
    registry.add_to_description(name, version, promotion.evidence)
    registry.tag(name, version, promotion.tags())
    registry.set_alias(name, promotion.alias, version)
    if promotion.is_champion:
        registry.drop_alias(name, CHALLENGER, version)
