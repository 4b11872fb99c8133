"""`promote`: a registered version against the champion, on rows new to both."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from hybridml.comparing.challenge import challenge_fitted
from hybridml.comparing.data import Data
from hybridml.comparing.scoring import check_scoring
from hybridml.comparing.tasks import Task, check_targets
from hybridml.exceptions import ModelError
from hybridml.fusion.encoders.audio.sounds import as_sounds
from hybridml.images.door import as_images
from hybridml.models.appointing import appoint
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
    trusted: Collection[str] = (),
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
    trusted : collection of str, default=()
        As in `load_model`.

    Returns
    -------
    promotion : Promotion
        The version is the challenger where it was not shown to be better.

    Raises
    ------
    ModelError
        If there is no such version, it is the champion already, or not either data or
        a reason is given.
    """
    registry = Registry(tracking_uri)
    champion = registry.version_of(name, CHAMPION)
    version = _find(registry, name, version)
    if version == champion:
        raise ModelError(f"Version {version} of {name!r} is the champion already.")
    result, alias = None, CHAMPION
    if reason and X is not None:
        raise ModelError(
            "Got both rows to test on and a reason; expected one of them: a reason "
            "stands in for a test."
        )
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
            load_model(
                f"models:/{name}/{number}", tracking_uri=registry.uri, trusted=trusted
            )
            for number in (version, champion)
        )
        data = _data(one, X, y, scoring)
        result = challenge_fitted(one, other, data)
        said = f"{len(data.targets):,} rows new to both"
        evidence = word_evidence(
            result, champion, scoring=data.scoring_name, data=said, alpha=alpha
        )
        alias = CHAMPION if is_better(result, alpha) else CHALLENGER
    registry.add_to_description(name, version, evidence)
    promotion = Promotion(name, version, alias, evidence, result)
    return appoint(registry, promotion, champion)


def _find(registry: Registry, name: str, version: int | None) -> int:
    found = registry.version_of(name, CHALLENGER) if version is None else version
    if found is None:
        raise ModelError(
            f"The model {name!r} has no version with the alias 'challenger'. Name a "
            "version, or register one: register_winner, log_model(registered_name=...)."
        )
    registry.check_version(name, found)
    return found


def _as_inputs(X: Any, described: Mapping[str, Any]) -> Any:
    if described["takes_table"]:
        return X
    kind = described["inputs"][0]["kind"]
    if kind == "sound":
        return as_sounds(X)
    return np.asarray(X) if kind == "array" else as_images(X)


def _data(estimator: Any, X: Any, y: Any, scoring: Any) -> Data:
    described = describe_estimator(estimator)
    task: Task = described["task"]
    inputs = _as_inputs(X, described)
    targets = np.asarray(check_targets(y, len(inputs), task))
    chosen = scoring or ("r2" if task == "regression" else "accuracy")
    check_scoring(chosen, targets, task)
    return Data(inputs, targets, (), chosen, task)
