"""Which transfer case wins on which task: fit them all, and write down what they score.

    cd benchmarks
    python -m advisor.truth DATA --results truth.jsonl --store truth_store

Each result is a line of JSON in the file of results. What is in it already is not done
again, so that a run may be killed and started again. Cheap cases come first for all the
tasks; then cases 2 and 3; then all these with other draws of the training images
(`--seeds`); and training from scratch (case 4) last, with the first draw only.

Keep settings (backbone, weights, image size, epochs) in files of their own for the
summary.
`recorded_truth.jsonl.gz` beside this file is such a file, with the lines of
`advisor.advised` in it (two draws; of the larger sizes only the first, and neither case
3 nor the ensemble): unpack it to go on from there. Its seconds are of busy cores.

Fields of a line:

- task, group, kind, is_similar, n_classes (0: regression), n_test: see `advisor.task`;
- size: training images of each class as asked for (of a regression: in all), or "all";
  n_train: how many there were in all; seed: which draw of them;
- case: "0", "1" (all cut layers and two heads are searched; the ridge for regressions),
  "1-penultimate" (the same search at the last layer only), "1-all-layers" (features
  selected from all layers), "1-ensemble" (all the layers have their say), "2", "3",
  "4";
- backbone, image_size: of all the cases; epochs: as asked for of cases 2 to 4;
- score: accuracy or R2 on the test images; score_se: its standard error over them;
- parts: a number a test image, in the same order for all cases of a task, of which the
  score is the mean: 1 where it is right, 0 where it is wrong; for a regression 1 - its
  squared error / variance of the test targets. Differences of two cases' parts give the
  standard error of the difference;
- fit_s, predict_s: seconds on one core (later cases find features in the store);
- of "1" and "1-penultimate": inner_score (cross-validated on the training images),
  best_layer, best_head, layers ({cut layer: best inner score}, from input to output);
- of "2", "3" and "4": best_epoch (0: the probe was kept) and n_epochs (planned).
"""

from __future__ import annotations

import json
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from advisor.solving import CASES, FOUR, cases_of, solve
from advisor.task import Task
from advisor.tasks import READERS, read_task
from hybridml.transfer.cases.making import CaseOptions

STEPS = (CASES[:5], ("2",), ("3",))
KEY = ("task", "size", "seed", "case", "backbone", "image_size", "epochs")


def main() -> None:
    """Run all that the file of results does not hold yet."""
    args = _parse()
    torch.set_num_threads(args.threads)
    read = lru_cache(maxsize=len(READERS))(lambda name: read_task(name, args.data))
    done = {tuple(row[name] for name in KEY) for row in read_results(args.results)}
    for name, size, seed, case in _plan(args, read):
        common = (args.backbone, args.image_size, args.epochs)
        if (name, size, seed, case, *common) in done:
            continue
        row = _run(read(name), size, seed, case, args)
        with args.results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(
            f"{case:14}{name:16}{size:>5} seed {seed}: {row['score']:.3f} "
            f"+- {row['score_se']:.3f} in {row['fit_s']:.1f} s",
            flush=True,
        )


def read_results(path: Path) -> list[dict[str, Any]]:
    """Read the lines of a file of results; a last line that was cut off is left out."""
    if not path.exists():
        return []
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return [json.loads(line) for line in whole.splitlines()]


def _plan(args: Namespace, read: Any) -> Iterator[tuple[str, str, int, str]]:
    """Yield task, size, seed and case, in the order in which they are worth having."""
    steps = [(seed, cases) for seed in range(args.seeds) for cases in STEPS]
    for seed, cases in [*steps, (0, (FOUR,))]:
        for size in args.sizes:
            for name in args.tasks:
                task = read(name)
                for case in cases if size in task.sizes else ():
                    if case in args.cases and case in cases_of(task.kind):
                        yield name, size, seed, case


def _run(
    task: Task, size: str, seed: int, case: str, args: Namespace
) -> dict[str, Any]:
    learned = task.train(size, seed)
    options = CaseOptions(
        backbone=args.backbone,
        weights=args.weights,
        image_size=args.image_size,
        epochs=args.epochs,
        augmentation=task.augmentation,
        store=args.store,
        random_state=seed,
        n_jobs=args.threads,
    )
    targets = task.targets[learned]
    given, asked = task.images[learned], task.images[task.test]
    solution = solve(case, task.kind, options, given, targets, asked)
    parts = parts_of(task, solution.predictions)
    return {
        "task": task.name,
        "group": task.group,
        "kind": task.kind,
        "is_similar": task.is_similar,
        "n_classes": task.n_classes,
        "size": size,
        "n_train": len(learned),
        "n_test": len(task.test),
        "seed": seed,
        "case": case,
        "backbone": args.backbone,
        "image_size": args.image_size,
        "epochs": args.epochs,
        "score": float(parts.mean()),
        "score_se": float(parts.std(ddof=1) / np.sqrt(len(parts))),
        "fit_s": round(solution.fit_s, 2),
        "predict_s": round(solution.predict_s, 2),
        **solution.facts,
        "parts": np.round(parts, 4).tolist(),
    }


def parts_of(task: Task, predictions: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Compute what each test image counts: the score is the mean."""
    targets = task.targets[task.test]
    if task.kind == "classification":
        return np.asarray(predictions == targets, dtype=np.float64)
    return np.asarray(1 - (predictions - targets) ** 2 / targets.var())


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
    add("--tasks", nargs="+", choices=READERS, default=list(READERS))
    add("--cases", nargs="+", choices=CASES, default=list(CASES))
    add("--sizes", nargs="+", choices=sizes, default=list(sizes))
    add("--seeds", type=int, default=2, help="how many draws of training images")
    add("--backbone", default="efficientnet_lite0", help="of all the cases")
    add("--weights", default="default", help="of the backbone, or a file of them")
    add("--image-size", type=int, default=128, help="pixels")
    add("--epochs", type=_epochs, default="auto", help="of cases 2 to 4")
    add("--threads", type=int, default=1, help="of everything")
    return parser.parse_args()


def _epochs(given: str) -> str | int:
    return given if given == "auto" else int(given)


if __name__ == "__main__":
    main()
