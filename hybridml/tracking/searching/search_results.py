"""A search's `cv_results_`, read row by row in the words of its runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

Place = tuple[int, int]

_MEAN = "mean_test_"


class SearchResults:
    """What a fitted search found.

    Parameters
    ----------
    search : BaseSearchCV

    Attributes
    ----------
    params : list of dict
        Of each candidate, in the order of `cv_results_`.
    n_folds : int
    """

    def __init__(self, search: Any) -> None:
        self._search = search
        self._results: Mapping[str, Any] = search.cv_results_
        self._metrics = [
            name.removeprefix(_MEAN) for name in self._results if name.startswith(_MEAN)
        ]
        self.params: list[dict[str, Any]] = list(self._results["params"])
        self.n_folds = int(search.n_splits_)

    @property
    def places(self) -> list[Place]:
        """The round of each candidate, and its position in it; both from 0.

        Only searches by halving have more than one round.
        """
        rounds = self._results.get("iter", np.zeros(len(self.params)))
        seen: Counter[int] = Counter()
        found = []
        for number in map(int, rounds):
            found.append((number, seen[number]))
            seen[number] += 1
        return found

    def fold(self, row: int, fold: int) -> dict[str, float] | None:
        """Return the scores of a fold; None where all are NaN: it failed."""
        scores = {
            name: float(self._results[f"split{fold}_test_{name}"][row])
            for name in self._metrics
        }
        if np.isnan(list(scores.values())).all():
            return None
        return named_scores(scores, self._search.refit)

    def summary(self, row: int) -> dict[str, float]:
        """Return mean and deviation of each score, and the seconds of a fit."""
        found: dict[str, float] = {}
        for kind, ending in (("mean", ""), ("std", "_std")):
            scores = {
                name: float(self._results[f"{kind}_test_{name}"][row])
                for name in self._metrics
            }
            named = named_scores(scores, self._search.refit)
            found |= {f"{name}{ending}": value for name, value in named.items()}
        return {**found, "fit_time_s": float(self._results["mean_fit_time"][row])}

    @property
    def best_row(self) -> int | None:
        """Which candidate won; None where several scores have no leader."""
        has_leader = self._search.refit or not self._search.multimetric_
        return int(self._search.best_index_) if has_leader else None

    @property
    def table(self) -> pd.DataFrame:
        """All of `cv_results_`, in its own words."""
        return pd.DataFrame(dict(self._results))


def named_scores(scores: Mapping[str, float], refit: Any) -> dict[str, float]:
    """Call the score by which is chosen "score", others score_NAME.

    Examples
    --------
    >>> named_scores({"accuracy": 0.9, "f1": 0.8}, refit="f1")
    {'score': 0.8, 'score_accuracy': 0.9, 'score_f1': 0.8}
    """
    if set(scores) == {"score"}:
        return dict(scores)
    leads = isinstance(refit, str) and refit in scores
    named = {"score": scores[refit]} if leads else {}
    return {**named, **{f"score_{name}": value for name, value in scores.items()}}
