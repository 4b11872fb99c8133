"""What is recorded of a search when it ends: winner, score, table and note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybridml.tracking.protocol import Run
from hybridml.tracking.searching.candidate_run import CandidateRun, finite
from hybridml.tracking.searching.search_results import SearchResults
from hybridml.tracking.searching.wording import (
    short_names,
    tags_of,
    text_of,
    word_note,
    word_winner,
)


def record_outcome(
    parent: Run,
    search: Any,
    results: SearchResults,
    candidates: Sequence[CandidateRun],
    surroundings: Mapping[str, str],
) -> None:
    """Name the winner on the parent, with its score and parameters, and the table.

    Parameters
    ----------
    parent : Run
    search : BaseSearchCV
    results : SearchResults
    candidates : sequence of CandidateRun
        In the order of the results.
    surroundings : mapping of {str: str}
        Such as the versions of packages.
    """
    summaries = [results.summary(row) for row in range(len(candidates))]
    verdict = ""
    best = results.best_row
    if best is None:
        parent.log_metrics(_best_of_each(summaries))
    else:
        winner, found = candidates[best], summaries[best]
        verdict = word_winner(winner.title, found)
        params = {name: text_of(v) for name, v in results.params[best].items()}
        parent.log_params(params)
        parent.log_metrics(finite(found))
        tags = tags_of(results.params[best])
        parent.set_tags({"hybridml.winner": winner.title, **tags})
    parent.log_params({"n_candidates": len(candidates), "n_folds": results.n_folds})
    table = _table(candidates, summaries, best)
    note = word_note(verdict, table, search, surroundings)
    parent.set_tags({"mlflow.note.content": note})
    parent.log_text(results.table.to_csv(index=False), "cv_results.csv")


def _best_of_each(summaries: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Take the best of each score, where none of them leads."""
    table = pd.DataFrame(summaries).filter(regex=r"^score_.*(?<!_std)$")
    return finite({str(name): table[name].max() for name in table})


def _table(
    candidates: Sequence[CandidateRun],
    summaries: Sequence[Mapping[str, float]],
    best: int | None,
) -> pd.DataFrame:
    """Put the candidates in order, the winner first."""
    short = short_names({name: None for c in candidates for name in c.params})
    rows = [
        {
            "candidate": candidate.title.split(" (")[0],
            **{short[name]: value for name, value in candidate.params.items()},
            **summary,
        }
        for candidate, summary in zip(candidates, summaries, strict=True)
    ]
    table = pd.DataFrame(rows)
    if best is None:
        return table
    order = table.assign(_is_best=np.arange(len(table)) == best)
    ordered = order.sort_values(["_is_best", "score"], ascending=False, kind="stable")
    return ordered.drop(columns="_is_best")
