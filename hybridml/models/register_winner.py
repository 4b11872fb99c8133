"""`register_winner`: the best of a comparison, perhaps as the champion."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd

from hybridml.comparing.comparison import Comparison
from hybridml.models.appointing import appoint
from hybridml.models.loading import load_model
from hybridml.models.log_model import log_model
from hybridml.models.promotion import ALPHA, Promotion, is_better, word_evidence
from hybridml.models.registry import CHALLENGER, CHAMPION, Registry


def register_winner(
    comparison: Comparison,
    name: str,
    *,
    tracking_uri: str | None = None,
    experiment: str = "hybridml",
    run_id: str | None = None,
    alpha: float = ALPHA,
    trusted: Collection[str] = (),
    **saving: Any,
) -> Promotion:
    """Register the winner of a comparison, as champion if it beats the present one.

    The champion so far is fitted anew on the folds of the comparison, and so is the
    winner: both ways of making a model are tested on the same data. The winner was
    chosen on these folds, so its p-value is multiplied by the number of candidates
    (Bonferroni). Where it is not shown to be better, it becomes the challenger; so it
    does where another champion was appointed in the meantime.

    Parameters
    ----------
    comparison : TransferComparison or FusionComparison
    name : str
        Of the registered model.
    tracking_uri, experiment
        As in `log_model`.
    run_id : str or None, default=None
        None stands for the run of the comparison, where it is in this store.
    alpha : float, default=0.05
        Level of the test.
    trusted : collection of str, default=()
        As in `save_model`, also for loading the present champion.
    **saving
        As in `save_model`: embed_weights, input_example ...

    Returns
    -------
    promotion : Promotion
        Its evidence is the version's description, too.
    """
    registry = Registry(tracking_uri)
    champion = registry.version_of(name, CHAMPION)
    scoring, data = comparison.scoring, _data_of(comparison)
    result, alias = None, CHAMPION
    if champion is None:
        score = float(comparison.winner["score"])
        evidence = f"The first champion: {scoring} {score:.4f} on {data}."
    else:
        address = f"models:/{name}/{champion}"
        present = load_model(address, tracking_uri=registry.uri, trusted=trusted)
        result = _adjusted(comparison.challenge(present), len(comparison.table) - 1)
        evidence = word_evidence(
            result, champion, scoring=scoring, data=data, alpha=alpha
        )
        alias = CHAMPION if is_better(result, alpha) else CHALLENGER
    if run_id is None and registry.has_run(comparison.run_id):
        run_id = comparison.run_id
    logged = log_model(
        comparison.best_estimator,
        tracking_uri=registry.uri,
        experiment=experiment,
        run_id=run_id,
        registered_name=name,
        description=f"{evidence}\n\n{comparison.verdict}",
        trusted=trusted,
        **saving,
    )
    promotion = Promotion(name, logged.registered_version, alias, evidence, result)
    return appoint(registry, promotion, champion)


def _adjusted(result: pd.Series, n_candidates: int) -> pd.Series:
    """Count that the winner is the best of so many on the same folds."""
    changed = result.copy()
    changed["p_value"] = min(1.0, result["p_value"] * max(1, n_candidates))
    if n_candidates > 1:
        changed["test"] = f"{result['test']}, times {n_candidates} candidates"
    return changed


def _data_of(comparison: Comparison) -> str:
    n_rows = f"{comparison.n_rows:,} {comparison.noun_of_rows}s"
    n_folds = len(comparison.fold_scores["fold"].unique())
    return f"{n_rows} in {n_folds} fold{'s' if n_folds > 1 else ''}"
