"""How often the case that suits other data sets is right.

    cd benchmarks
    python -m advisor.held_out truth.jsonl

What `advise_transfer_case` rests on was chosen with all these tasks in sight. Here it
is chosen again, for each data set by the others alone: the two cases, one for similar
and one for dissimilar images, that hit the most of them, and of equal ones those of the
least regret. Their hits on the data set itself are counted. What this cannot leave out:
that an ensemble of layers was thought of, and how strongly its weights are pulled to
equal ones.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from advisor.solving import ALL, ENSEMBLE, LAST, ONE, THREE, TWO
from advisor.summary import TASK, average, judge
from advisor.truth import read_results

WAYS = (ONE, LAST, ALL, ENSEMBLE, TWO, THREE)
_TOGETHER = " / "


def main() -> None:
    """Print the hits by data set, and of all."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path, help="of advisor.truth")
    table = held_out(read_results(parser.parse_args().results))
    print(table.to_string(index=False))
    hits, regret = table["hits"].sum(), (table["regret"] * table["tasks"]).sum()
    n_tasks = table["tasks"].sum()
    print(
        f"\nLeft out: {hits} of {n_tasks} tasks ({100 * hits / n_tasks:.1f} %), mean "
        f"regret {regret / n_tasks:.2f} points"
    )


def held_out(results: list[dict[str, Any]]) -> pd.DataFrame:
    """Count, for each data set, the hits of what suits the others.

    Raises
    ------
    SystemExit
        If there are not at least two data sets of which the truth is known.
    """
    judged = judge(average(pd.DataFrame([*results, *_followed(results)])))
    judged = judged[judged["case"].str.contains(_TOGETHER)]
    if judged["group"].nunique() < 2:
        raise SystemExit("Leaving one out takes two data sets; run more.")
    found = []
    for group, own in judged.groupby("group"):
        others = judged[judged["group"] != group].groupby("case")
        hits, regret = others["is_hit"].sum(), others["regret"].mean()
        ranked = pd.DataFrame({"hits": hits, "regret": -regret})
        chosen = ranked.sort_values(["hits", "regret"]).index[-1]
        followed = own[own["case"] == chosen]
        found.append(
            {
                "left out": group,
                "tasks": len(followed),
                "hits": int(followed["is_hit"].sum()),
                "regret": round(100 * followed["regret"].mean(), 2),
                "similar / dissimilar": chosen,
            }
        )
    return pd.DataFrame(found)


def _followed(results: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Name, for each pair of cases, what following it would have scored."""
    rows = pd.DataFrame(results)
    for _, known in rows[rows["case"].isin(WAYS)].groupby([*TASK, "seed"]):
        taken = {row["case"]: row for row in known.to_dict("records")}
        for similar, dissimilar in product(WAYS, WAYS):
            row = taken.get(similar if known["is_similar"].iloc[0] else dissimilar)
            if row is not None:
                yield {**row, "case": f"{similar}{_TOGETHER}{dissimilar}"}


if __name__ == "__main__":
    main()
