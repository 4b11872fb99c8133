"""How often advice is right where its numbers come from other data sets.

    cd benchmarks
    python -m advisor.held_out truth.jsonl

For each data set, the limits of `hybridml.transfer.advice.choosing` (standard errors
from which a lead counts, images that are few, and how far from ImageNet's is unlike)
are those, of a grid, with the most hits on the other data sets, and of equal ones the
least regret; the hits on the data set itself are counted. Nothing is probed again: the
facts of the "advised" results (see `advisor.advised`) are what advice was given on.
What this cannot leave out is that the form of the rule was found on all the tasks.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from advisor.policies import ADVISED
from advisor.solving import ALL, LAST, ONE, THREE, TWO, ZERO
from advisor.summary import TASK, average, judge
from advisor.truth import read_results
from hybridml.transfer.advice.choosing import Limits, Way, choose
from hybridml.transfer.advice.leads import Leads
from hybridml.transfer.advice.prior import prior_of

NAMES: dict[Way, str] = {
    "outputs": ZERO,
    "early": ONE,
    "all layers": ALL,
    "last": LAST,
    "last2": TWO,
    "all": THREE,
}
LEADS = ("early", "joined", "outputs")
GRID = tuple(product((0.5, 1.0, 1.5, 2.0), (0, 30, 60), (0.3, 0.4, 0.5, 0.6)))
DRAW = [*TASK, "seed"]


def main() -> None:
    """Print the hits by data set, and of all."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path, help="of advisor.advised")
    table = held_out(read_results(parser.parse_args().results))
    print(table.to_string(index=False))
    hits, regret = table["hits"].sum(), (table["regret"] * table["tasks"]).sum()
    n_tasks = table["tasks"].sum()
    print(
        f"\nLeft out: {hits} of {n_tasks} tasks ({100 * hits / n_tasks:.1f} %), mean "
        f"regret {regret / n_tasks:.2f} points"
    )


def held_out(results: list[dict[str, Any]]) -> pd.DataFrame:
    """Count, for each data set, the hits with the limits that suit the others.

    Raises
    ------
    SystemExit
        If there are not at least two data sets of which the truth is known.
    """
    rows = pd.DataFrame([*results, *_followed(results)])
    judged = judge(average(rows))
    judged = judged[judged["case"].isin(map(str, GRID))]
    if judged["group"].nunique() < 2:
        raise SystemExit("Leaving one out takes two data sets with advice; run more.")
    found = []
    for group, own in judged.groupby("group"):
        others = judged[judged["group"] != group].groupby("case")
        best = pd.DataFrame(
            {"hits": others["is_hit"].sum(), "regret": -others["regret"].mean()}
        )
        limits = best.sort_values(["hits", "regret"]).index[-1]
        of_limits = own[own["case"] == limits]
        found.append(
            {
                "left out": group,
                "tasks": len(of_limits),
                "hits": int(of_limits["is_hit"].sum()),
                "regret": round(100 * of_limits["regret"].mean(), 2),
                "errors, few images, unlike": limits,
            }
        )
    return pd.DataFrame(found)


def _followed(results: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Name, for each of the limits, what advice with them would have scored."""
    known = {tuple(row[name] for name in [*DRAW, "case"]): row for row in results}
    for row in results:
        if row["case"] != ADVISED:
            continue
        for limits in GRID:
            name = NAMES[_choose(row["facts"], *limits)]
            taken = known[(*(row[key] for key in DRAW), name)]
            yield {**taken, "case": str(limits)}


def _choose(
    facts: dict[str, float], errors: float, few_images: int, unlike: float
) -> Way:
    is_similar = facts["batch_norm_distance"] <= unlike
    names = [name for lead in LEADS for name in (lead, f"{lead}_error")]
    return choose(
        Leads(**{name: facts[name] for name in names}),
        prior_of(facts["n_per_class"], is_similar),
        n_images=int(facts["n_images"]),
        is_similar=is_similar,
        limits=Limits(errors, few_images),
    )


if __name__ == "__main__":
    main()
