"""What the truth says: the best case of each task, and how often a policy finds it.

    cd benchmarks
    python -m advisor.summary truth.jsonl

A task here is a question at one training size. Results of several draws of the
training images (seeds) are averaged first, so that the luck of a draw makes no winner.
A policy hits where its case scores within a point of the best, or within one standard
error (over the test images; at most 10 points) of the difference. Its regret is what
the best scores more, counted up to 100 points: R2 may be anything below zero.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from advisor.policies import FOLLOWED, POLICIES
from advisor.solving import CASES, ONE, THREE, TWO
from advisor.truth import read_results

POINT = 0.01
MOST_LUCK = 0.1  # a regression that fails on a few images has any standard error
TASK = ["task", "size"]
_ROUNDING = 1e-9  # three of 300 images are a point
_KEPT = ("group", "kind", "is_similar", "n_classes", "n_train", "n_test")


def main() -> None:
    """Print the scores, what policies hit, and what goes with a gain."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path, help="of advisor.truth")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    args = parser.parse_args()
    rows = pd.DataFrame(read_results(args.results))
    rows = rows[rows["case"].isin([*args.cases, *FOLLOWED])]
    judged = judge(average(rows))
    print(f"{len(rows)} results, {judged.groupby(TASK).ngroups} tasks\n")
    _print(score_table(judged), "Scores in %, and the best case")
    _print(policy_table(judged), "Policies: hits, and mean regret in points")
    _print(gain_table(rows, judged), "Gain of fine-tuning over case 1, in points")


def average(rows: pd.DataFrame) -> pd.DataFrame:
    """Average the seeds of each task, size and case.

    Only seeds for which cases 1 to 3 have all been run count; case 4 may have fewer.

    Returns
    -------
    averaged : DataFrame
        task, size, case, score, parts (ndarray of shape (n_test,)), and what is known
        of the task.
    """
    needed = {ONE, TWO, THREE}
    draws = rows.groupby([*TASK, "seed"])
    groups = draws.filter(lambda draw: needed <= set(draw["case"])).groupby(
        [*TASK, "case"]
    )
    parts = groups["parts"].apply(lambda several: np.mean(several.tolist(), axis=0))
    averaged = groups[list(_KEPT)].first().join(parts).reset_index()
    averaged["score"] = averaged["parts"].map(np.mean)
    return averaged


def judge(averaged: pd.DataFrame) -> pd.DataFrame:
    """Add to each case its regret, that one's standard error, and whether it is a hit.

    Raises
    ------
    SystemExit
        If there is no task yet with all of cases 1 to 3.
    """
    if averaged.empty:
        raise SystemExit("There is no task yet for which cases 1 to 3 have been run.")
    judged = [_judge_task(task) for _, task in averaged.groupby(TASK)]
    return pd.concat(judged, ignore_index=True)


def score_table(judged: pd.DataFrame) -> pd.DataFrame:
    """Arrange scores by task and size, in %, with the best case and those as good."""
    scores = 100 * judged.pivot_table(
        index=["group", *TASK], columns="case", values="score"
    )
    hits = judged[judged["is_hit"]].groupby(["group", *TASK])["case"]
    is_best = judged["case"].isin(CASES) & (judged["regret"] == 0)
    best = judged[is_best].groupby(["group", *TASK])["case"].first()
    known = judged.groupby(["group", *TASK])["n_train"].first()
    scores = scores.round(1)
    scores.insert(0, "n", known)
    table = scores.assign(best=best, as_good=hits.apply(" ".join))
    return table.sort_values(["group", "task", "n"])


def policy_table(judged: pd.DataFrame) -> pd.DataFrame:
    """Count each policy's hits, of all tasks, by similarity and by training size."""
    chosen = {name: _followed(judged, name) for name in POLICIES}
    return pd.DataFrame(
        {
            "tasks": {name: len(found) for name, found in chosen.items()},
            "hits %": {n: 100 * found["is_hit"].mean() for n, found in chosen.items()},
            **{
                f"{kind} %": {
                    name: 100 * found.loc[found["is_similar"] == flag, "is_hit"].mean()
                    for name, found in chosen.items()
                }
                for kind, flag in (("similar", True), ("dissimilar", False))
            },
            **{
                f"{size} %": {
                    name: 100 * found.loc[found["size"] == size, "is_hit"].mean()
                    for name, found in chosen.items()
                }
                for size in sorted(judged["size"].unique(), key=_in_order)
            },
            "regret": {n: 100 * found["regret"].mean() for n, found in chosen.items()},
            "worst": {n: 100 * found["regret"].max() for n, found in chosen.items()},
        }
    ).round(2)


def gain_table(rows: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Set the gains of cases 2 and 3 over case 1 beside what is known beforehand.

    Columns: images a class, case 1's inner score, by how much the best cut layer beats
    the last one in it (early), the gains and their standard errors.
    """
    searches = rows[rows["case"] == ONE].copy()
    searches["last"] = searches["layers"].map(lambda layers: list(layers.values())[-1])
    searches["early"] = searches["inner_score"] - searches["last"]
    known = 100 * searches.groupby(TASK)[["inner_score", "early"]].mean()
    first = judged.groupby(TASK)[["is_similar", "n_classes", "n_train"]].first()
    table = first.join(known)
    for case in (TWO, THREE):
        table[f"gain {case}"], table[f"se {case}"] = zip(
            *[_gain(task, case) for _, task in judged.groupby(TASK)], strict=True
        )
    return table.sort_values(f"gain {THREE}").round(1)


def _in_order(size: str) -> tuple[int, str]:
    """Sort training sizes as numbers, "all" last."""
    return (int(size) if size.isdigit() else sys.maxsize), size


def _followed(judged: pd.DataFrame, name: str) -> pd.DataFrame:
    """Of each task, the row of the case that a policy chooses."""
    choices = judged.apply(lambda row: POLICIES[name](row), axis=1)
    return judged[judged["case"] == choices]


def _judge_task(task: pd.DataFrame) -> pd.DataFrame:
    cases = task[task["case"].isin(CASES)]
    best = cases.iloc[int(cases["score"].argmax())]
    errors = [_error(best["parts"] - parts) for parts in task["parts"]]
    regret = (best["score"] - task["score"]).clip(lower=0.0)
    allowed = np.maximum(POINT, np.minimum(errors, MOST_LUCK))
    is_hit = regret <= allowed + _ROUNDING
    return task.assign(regret=regret.clip(upper=1.0), regret_se=errors, is_hit=is_hit)


def _gain(task: pd.DataFrame, case: str) -> tuple[float, float]:
    parts = task.set_index("case")["parts"]
    differences = 100 * (parts[case] - parts[ONE])
    return float(differences.mean()), _error(differences)


def _error(differences: npt.NDArray[np.float64]) -> float:
    return float(differences.std(ddof=1) / np.sqrt(len(differences)))


def _print(table: pd.DataFrame, title: str) -> None:
    print(f"{title}\n{table.to_string()}\n")


if __name__ == "__main__":
    main()
