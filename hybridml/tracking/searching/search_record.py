"""The runs of a search's candidates: from what folds tell, and what is left after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV, ParameterGrid

from hybridml.tracking.protocol import Run
from hybridml.tracking.searching.candidate_run import (
    CandidateRun,
    Numbers,
    finite,
    summarize,
)
from hybridml.tracking.searching.mailbox import Letter
from hybridml.tracking.searching.search_results import (
    Place,
    SearchResults,
    named_scores,
)
from hybridml.tracking.searching.wording import tags_of, text_of, word_params


class SearchRecord:
    """Keeps a run for each candidate, below the search's own.

    A candidate's run opens when its first fold begins (where its parameters are not
    known before: when one has ended), and closes with its last, or with the block.

    Parameters
    ----------
    parent : Run
    search : BaseSearchCV
    tags : mapping of {str: str}
        Of every candidate.
    fold_runs : bool
        Whether each fold has a run of its own, too.
    """

    def __init__(
        self, parent: Run, search: Any, *, tags: Mapping[str, str], fold_runs: bool
    ) -> None:
        self._parent = parent
        self._search = search
        self._tags = tags
        self._fold_runs = fold_runs
        self._placed: dict[Place, CandidateRun] = {}
        self._unplaced: list[CandidateRun] = []
        self._failed: dict[Place, list[int]] = {}
        self._n_ended = 0
        self._best = -np.inf

    def __enter__(self) -> SearchRecord:
        return self

    def __exit__(self, kind: object, error: BaseException | None, *_: object) -> None:
        for candidate in [*self._placed.values(), *self._unplaced]:
            candidate.close(error)  # once: that of a closed one does nothing

    def hear(self, letter: Letter) -> None:
        """Record what a fold told of itself."""
        if "place" not in letter:  # a release without callbacks
            candidate = self._find(letter["params"]) or self._open_unplaced(letter)
            self._add(candidate, len(candidate.folds), self._numbers_of(letter))
            return
        place: Place = (letter["place"][0], letter["place"][1])
        if "begins" in letter:
            self._begin(place)
        elif place in self._placed:
            found = self._numbers_of(letter) if "scores" in letter else None
            self._add(self._placed[place], letter["fold"], found)
        elif "scores" in letter:
            opened = self._open(_label(place), letter["params"], letter["tags"])
            self._placed[place] = opened
            self._add(opened, letter["fold"], self._numbers_of(letter))
            for fold in self._failed.pop(place, []):
                self._add(opened, fold, None)
        else:  # it does not know its parameters: they come from another fold
            self._failed.setdefault(place, []).append(letter["fold"])

    def complete(self, results: SearchResults) -> list[CandidateRun]:
        """Record what was not heard of; return the candidates in the results' order."""
        left = list(self._unplaced)
        candidates = []
        for row, place in enumerate(results.places):
            if place not in self._placed:
                self._placed[place] = self._take(left, place, results.params[row])
            candidate = self._placed[place]
            self._fill(candidate, results, row)
            candidates.append(candidate)
        return candidates

    def _take(
        self, left: list[CandidateRun], place: Place, params: Mapping[str, Any]
    ) -> CandidateRun:
        """Take a candidate by its parameters from those left; open one without."""
        texts = {name: text_of(value) for name, value in params.items()}
        for candidate in left:
            if texts.items() <= candidate.params.items():
                left.remove(candidate)
                return candidate
        return self._open(_label(place), texts, tags_of(params))

    def _begin(self, place: Place) -> None:
        if type(self._search) is GridSearchCV and place not in self._placed:
            params = ParameterGrid(self._search.param_grid)[place[1]]
            texts = {name: text_of(value) for name, value in params.items()}
            opened = self._open(_label(place), texts, tags_of(params))
            self._placed[place] = opened

    def _find(self, params: Mapping[str, str]) -> CandidateRun | None:
        """Find a candidate by its parameters; the same ones may be tried again."""
        fitting = (c for c in self._unplaced if c.params == params)
        n_folds = self._search.n_splits_
        return next((c for c in fitting if len(c.folds) < n_folds), None)

    def _open_unplaced(self, letter: Letter) -> CandidateRun:
        label = f"candidate {len(self._unplaced) + 1}"
        opened = self._open(label, letter["params"], letter["tags"])
        self._unplaced.append(opened)
        return opened

    def _open(
        self, label: str, params: Mapping[str, str], tags: Mapping[str, str]
    ) -> CandidateRun:
        words = word_params(params)
        return CandidateRun(
            label,
            f"{label} ({words})" if words else label,
            params=params,
            tags={**self._tags, **tags},
            open_run=self._parent.child,
            fold_runs=self._fold_runs,
        )

    def _add(self, candidate: CandidateRun, fold: int, numbers: Numbers | None) -> None:
        candidate.add_fold(fold, numbers)
        if len(candidate.folds) < self._search.n_splits_:
            return
        summary = summarize(candidate.folds, self._search.error_score)
        candidate.end(summary)
        self._n_ended += 1
        if summary.get("score", -np.inf) > self._best:
            self._best = summary["score"]
        best = finite({"best_score": self._best})
        self._parent.log_metrics(best, step=self._n_ended)

    def _fill(self, candidate: CandidateRun, results: SearchResults, row: int) -> None:
        """Add the folds that are missing; unplaced ones are known by their scores."""
        is_placed = candidate not in self._unplaced
        heard = list(candidate.folds.values())
        for fold in range(results.n_folds):
            found = results.fold(row, fold)
            if is_placed and fold not in candidate.folds:
                self._add(candidate, fold, found)
            elif not is_placed and found in heard:
                heard.remove(found)
            elif not is_placed and len(candidate.folds) < results.n_folds:
                self._add(candidate, len(candidate.folds), found)

    def _numbers_of(self, letter: Letter) -> dict[str, float]:
        timed = {k: v for k, v in letter.items() if k == "fit_time_s"}
        return {**named_scores(letter["scores"], self._search.refit), **timed}


def _label(place: Place) -> str:
    later_round, position = place
    of_round = f" of round {later_round + 1}" if later_round else ""
    return f"candidate {position + 1}{of_round}"
