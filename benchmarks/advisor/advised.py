"""What following advice would score: on every task of which the truth is known.

    cd benchmarks
    python -m advisor.advised DATA --results truth.jsonl --store truth_store

For each task, size and draw in the file of results (see `advisor.truth`) this asks
`advise_transfer_case`, given the training images alone, and adds two lines: case
"advised", what the advised case scores on the test images, as the truth has it; and
case "logme", case 1 cut at the layer with the highest LogME. What is in the file is not
done again.

More fields of an "advised" line: followed (the case), cut_layer, taken (what that is
called in the truth), expected_score, expected_low, expected_high, sureness, facts,
advise_s.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from advisor.policies import ADVISED, LOGME
from advisor.solving import ENSEMBLE, HEADS, LAST
from advisor.task import Task
from advisor.tasks import READERS, read_task
from advisor.truth import parts_of, read_results
from hybridml import advise_transfer_case, score_cut_layers
from hybridml.transfer.cases import catalogue
from hybridml.transfer.cases.making import CaseOptions, make_case

_PENULTIMATE = "penultimate"


def main() -> None:
    """Follow the advice on every draw of which the truth is known."""
    args = _parse()
    torch.set_num_threads(args.threads)
    read = lru_cache(maxsize=len(READERS))(lambda name: read_task(name, args.data))
    truth: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in read_results(args.results):
        draw = (row["seed"], row["task"], row["size"])
        truth.setdefault(draw, {})[row["case"]] = row
    for (seed, name, size), known in sorted(truth.items()):
        task, common = read(name), _common(known)
        for case, follow in ((ADVISED, _advised), (LOGME, _best_logme)):
            if case in known or size not in args.sizes:
                continue
            row = {**common, "case": case, **follow(task, size, seed, known, args)}
            with args.results.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(
                f"{case:9}{name:16}{size:>5} seed {seed}: case {row['followed']}, "
                f"{row['cut_layer']}: {row['score']:.3f}",
                flush=True,
            )


def _advised(
    task: Task, size: str, seed: int, known: dict[str, Any], args: Namespace
) -> dict[str, Any]:
    learned = task.train(size, seed)
    started = time.perf_counter()
    advice = advise_transfer_case(
        task.images[learned],
        task.targets[learned],
        task=task.kind,
        **_network(known, args, seed),
    )
    seconds = time.perf_counter() - started
    name = str(advice.case)
    if advice.cut_layer == catalogue.ENSEMBLE:
        name = ENSEMBLE
    if name not in known:
        raise SystemExit(f"Case {name} of {task.name}, {size} is not in the results.")
    return {
        **_taken(advice.case, advice.cut_layer, known[name]),
        "taken": name,
        "expected_score": advice.expected_score,
        "expected_low": advice.expected_low,
        "expected_high": advice.expected_high,
        "sureness": advice.sureness,
        "facts": {name: round(fact, 4) for name, fact in advice.facts.items()},
        "advise_s": round(seconds, 2),
    }


def _best_logme(
    task: Task, size: str, seed: int, known: dict[str, Any], args: Namespace
) -> dict[str, Any]:
    learned = task.train(size, seed)
    scores = score_cut_layers(
        task.images[learned],
        task.targets[learned],
        task=task.kind,
        scores=("logme",),
        **_network(known, args, seed),
    )
    cut_layer = scores.attrs["best"]["logme"]
    if cut_layer == _PENULTIMATE:
        return _taken(1, cut_layer, known[LAST])
    options = CaseOptions(
        task=task.kind,
        cut_layer=cut_layer,
        head=HEADS if task.kind == "classification" else ("ridge",),
        **_network(known, args, seed),
    )
    model: Any = make_case(1, options)
    model.fit(task.images[learned], task.targets[learned])
    parts = parts_of(task, np.asarray(model.predict(task.images[task.test])))
    found = {
        "score": float(parts.mean()),
        "score_se": float(parts.std(ddof=1) / np.sqrt(len(parts))),
        "parts": np.round(parts, 4).tolist(),
    }
    return _taken(1, cut_layer, found)


def _taken(case: int, cut_layer: str, found: dict[str, Any]) -> dict[str, Any]:
    """Say what was followed, and what it scores."""
    scored = {name: found[name] for name in ("score", "score_se", "parts")}
    return {"followed": case, "cut_layer": cut_layer, **scored}


def _network(known: dict[str, Any], args: Namespace, seed: int) -> dict[str, Any]:
    row = next(iter(known.values()))
    given = {"backbone": row["backbone"], "image_size": row["image_size"]}
    return {**given, "store": args.store, "random_state": seed, "n_jobs": args.threads}


def _common(known: dict[str, Any]) -> dict[str, Any]:
    names = ("task", "group", "kind", "is_similar", "n_classes", "size", "n_train")
    names += ("n_test", "seed", "backbone", "image_size", "epochs")
    row = next(iter(known.values()))
    return {name: row[name] for name in names if name in row}


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    sizes = ("5", "20", "100", "300", "all")
    add("data", type=Path, help="folder with the data sets in it")
    add("--results", type=Path, required=True, help="file of results, added to")
    add("--store", type=Path, required=True, help="folder of features")
    add("--sizes", nargs="+", choices=sizes, default=list(sizes))
    add("--threads", type=int, default=1, help="of everything")
    return parser.parse_args()


if __name__ == "__main__":
    main()
