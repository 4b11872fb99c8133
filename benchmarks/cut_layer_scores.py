"""Whether a cheap score finds the cut layer that a linear probe would find.

    python benchmarks/cut_layer_scores.py DATA

``DATA`` holds cats_vs_dogs, spoken_digits and blood_cells_bccd. Prints each score and
the cross-validated probe at every cut layer, and how many points of the probe's score
are lost where the layer is chosen by the score. The last lines are these losses.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from data_sets import READERS

from hybridml import score_cut_layers
from hybridml.transfer import list_scores

PROBE = "probe"


def main() -> None:
    """Score and probe the layers for each data set."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder with the data sets in it")
    parser.add_argument(
        "--sets", nargs="+", choices=READERS, default=list(READERS), metavar="SET"
    )
    args = parser.parse_args()
    losses = [f"{name}: {lose(name, args.data)}" for name in args.sets]
    print("\nPoints lost by the layer that a score chooses:")
    print("\n".join(losses))


def lose(name: str, data: Path) -> str:
    """Score the layers of one data set, and word what each score's choice loses."""
    images, targets, task = READERS[name](data)
    scores = tuple(list_scores(task, "features"))
    with tempfile.TemporaryDirectory() as store:
        given = {"task": task, "store": store}
        score_cut_layers(images, targets, scores=("logme",), **given)  # fills the store
        started = time.perf_counter()
        score_cut_layers(images, targets, **given)
        seconds = time.perf_counter() - started
        table = score_cut_layers(images, targets, scores=scores, **given)
    print(f"\n{name}: the default scores take {seconds:.1f} s on stored features")
    print(table.round(3).to_string(index=False))
    probed = table.set_index("cut_layer")[PROBE]
    lost = {
        score: 100 * (probed.max() - probed[best])
        for score, best in table.attrs["best"].items()
        if score != PROBE
    }
    return ", ".join(f"{score} {points:.1f}" for score, points in lost.items())


if __name__ == "__main__":
    main()
