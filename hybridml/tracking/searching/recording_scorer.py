"""The scorer that also tells a mailbox what it found."""

from __future__ import annotations

import inspect
import numbers
import threading
import time
import warnings
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.metrics import check_scoring
from sklearn.utils.metadata_routing import get_routing_for_object

from hybridml.tracking.searching.fold_watch import current_fold
from hybridml.tracking.searching.mailbox import Address
from hybridml.tracking.searching.wording import tags_of, text_of

_LAST = threading.local()


class RecordingScorer:
    """Scores as a search would have scored, and tells of it.

    Parameters
    ----------
    search : BaseSearchCV
        By whose `scoring` it scores.
    address : Address
    """

    def __init__(self, search: Any, address: Address) -> None:
        raises = search.error_score == "raise"
        self._scorer = check_scoring(
            search.estimator, scoring=search.scoring, raise_exc=raises
        )
        self._error_score = search.error_score
        self._names = searched_names(search)
        self._address = address
        self._search = weakref.ref(search)

    def __call__(self, estimator: Any, X: Any, *args: Any, **kwargs: Any) -> Any:
        """Score a fitted estimator."""
        asked = time.perf_counter()
        scores = self._forgive(self._scorer(estimator, X, *args, **kwargs))
        if self._is_new(estimator):
            self._tell(estimator, scores, asked)
        return scores

    def get_metadata_routing(self) -> Any:
        """Return what the scorer itself asks for."""
        return get_routing_for_object(self._scorer)

    def _accept_sample_weight(self) -> bool:
        # Asked by searches that are given sample weights.
        if hasattr(self._scorer, "_accept_sample_weight"):
            return bool(self._scorer._accept_sample_weight())
        return "sample_weight" in inspect.signature(self._scorer).parameters

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_search": _nothing}

    def _is_new(self, estimator: Any) -> bool:
        """Whether it is a fold's test part: train scores come second, from the same."""
        if estimator is getattr(self._search(), "best_estimator_", None):
            return False
        last = getattr(_LAST, "estimator", _nothing)()
        _LAST.estimator = weakref.ref(estimator)
        return last is not estimator

    def _tell(self, estimator: Any, scores: Any, asked: float) -> None:
        found = scores if isinstance(scores, Mapping) else {"score": scores}
        if not all(isinstance(value, numbers.Real) for value in found.values()):
            return  # the search refuses them
        params = estimator.get_params()
        tried = {name: params[name] for name in self._names if name in params}
        told = {
            "params": {name: text_of(value) for name, value in tried.items()},
            "tags": tags_of(tried),
            "scores": {str(name): float(value) for name, value in found.items()},
        }
        now = current_fold(self._address)
        if now is None:
            self._address.send(told)
        else:
            now.told = {**told, "fit_time_s": asked - now.begun}

    def _forgive(self, scores: Any) -> Any:
        """Put the search's `error_score` for those of several scores that failed."""
        if not isinstance(scores, dict):
            return scores
        failed = {name: text for name, text in scores.items() if isinstance(text, str)}
        for text in failed.values():
            warnings.warn(
                f"Scoring failed. The score on this train-test partition for these "
                f"parameters will be set to {self._error_score}. Details: \n{text}",
                UserWarning,
                stacklevel=3,
            )
        return {**scores, **dict.fromkeys(failed, self._error_score)}


def searched_names(search: Any) -> list[str]:
    """List the parameters that a search tries values of."""
    params = search.get_params(deep=False)
    spaces = params.get("param_grid", params.get("param_distributions", {}))
    several: Sequence[Any] = [spaces] if isinstance(spaces, Mapping) else spaces
    return list(dict.fromkeys(name for space in several for name in space))


def scorers_of(search: Any) -> Any:
    """Return what `scorer_` of a fitted search holds: one scorer, or several by name.

    Raises
    ------
    ValueError
        If scikit-learn does not know the scoring.
    """
    scoring = search.scoring
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        return check_scoring(search.estimator, scoring=scoring)
    named = (
        scoring if isinstance(scoring, Mapping) else {name: name for name in scoring}
    )
    return {
        name: check_scoring(search.estimator, scoring=one)
        for name, one in named.items()
    }


def _nothing() -> None:
    """Stand for a weak reference to what is gone."""
