"""A folder of photos in, the winning transfer case out, every run in MLflow.

python pipelines/transfer_cases.py photos
"""

from __future__ import annotations

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from hybridml import MLflowTracker, compare_transfer_cases, load_image_folder
from hybridml.transfer import CASES


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the transfer cases on the folder that the command line names."""
    args = _parse(arguments)
    images, labels, folds = _load(args)
    tracker = MLflowTracker(args.tracking_uri, args.experiment)
    comparison = compare_transfer_cases(
        images,
        labels,
        cases=args.cases,
        backbones=args.backbones,
        heads=args.heads,
        scratch_backbone=args.scratch_backbone,
        image_size=args.image_size,
        epochs=args.epochs or "auto",
        cv=folds,
        scoring=args.scoring,
        tracker=tracker,
        random_state=args.random_state,
        on_step=lambda step: print(f"{step.done:4.0%}  {step.text}", flush=True),
    )
    print(comparison.table.round(3).to_string(index=False))
    print(comparison.verdict)
    print(f"Runs are recorded in {tracker.where()}")


def _load(args: Namespace) -> tuple[list[str], Any, Any]:
    """Read the photos and how they are split: as the folder says, or in folds."""
    if args.score_on is None:
        return *load_image_folder(args.folder), args.cv
    images, labels = load_image_folder(args.folder, split="train")
    scored_images, scored_labels = load_image_folder(args.folder, split=args.score_on)
    n_train, n_images = len(images), len(images) + len(scored_images)
    as_given = [(range(n_train), range(n_train, n_images))]
    return images + scored_images, [*labels, *scored_labels], as_given


def _parse(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(
        description="Compare the transfer cases on a folder of photos.",
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("folder", help="one folder per class, or train, val, test folders of such")
    add("--cases", type=int, nargs="+", default=list(CASES), help="of 0 to 4")
    add("--backbones", nargs="+", default=["efficientnet_lite0"], help="networks")
    add("--heads", nargs="+", default=["linear_svm", "logistic"], help="of case 1")
    add("--scratch-backbone", help="what case 4 trains, such as lenet5")
    add("--image-size", type=int, help="input side in pixels; None: the weights' own")
    add("--epochs", type=int, help="of cases 2 to 4; None: 5, or 20 from scratch")
    add("--cv", type=int, default=5, help="folds, over all the photos")
    split_help = "learn on the folder's train split, score on this one; no folds"
    add("--score-on", choices=["val", "test"], help=split_help)
    add(
        "--scoring", default="accuracy", help="any of scikit-learn's scores for classes"
    )
    add("--random-state", type=int, default=0, help="seed")
    add("--experiment", default="hybridml", help="of MLflow")
    add("--tracking-uri", help="of MLflow; None: MLFLOW_TRACKING_URI, else mlflow.db")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
