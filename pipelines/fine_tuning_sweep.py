"""A folder of photos in, the best depth and rate of fine-tuning out, every epoch kept.

python pipelines/fine_tuning_sweep.py photos --trainable last2 all
"""

from __future__ import annotations

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Sequence

import pandas as pd
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from hybridml import (
    FineTuneClassifier,
    MLflowTracker,
    load_image_folder,
    track_search,
)
from hybridml.finetune import LogToTracker

SHOWN = r"^param_|^(mean|std)_test_score$|^mean_fit_time$"


def main(arguments: Sequence[str] | None = None) -> None:
    """Sweep depths and learning rates on the folder that the command line names."""
    args = _parse(arguments)
    images, labels = load_image_folder(args.folder, split=args.split)
    tracker = MLflowTracker(args.tracking_uri, args.experiment)
    search = _make_search(args)
    title = f"fine-tuning sweep: {args.backbone}"
    with track_search(search, tracker, name=title) as run:
        run.log_params({"n_images": len(images)})
        # Each fit becomes a run below, with a curve of every number of an epoch.
        search.estimator.set_params(callbacks=[LogToTracker(run)])
        search.fit(images, labels)
    results = pd.DataFrame(search.cv_results_).sort_values(
        "rank_test_score", kind="stable", ignore_index=True
    )
    results.to_csv(args.results, index=False)
    shown = results.filter(regex=SHOWN)
    print(shown.to_string(index=False, float_format="{:.4g}".format))
    print(f"All {len(results)} rows: {args.results}")
    print(f"Runs are recorded in {tracker.where()}")


def _make_search(args: Namespace) -> GridSearchCV:
    """Cross what learns with how fast it does."""
    network = FineTuneClassifier(
        args.backbone,
        image_size=args.image_size,
        epochs=args.epochs or "auto",
        random_state=args.random_state,
    )
    return GridSearchCV(
        network,
        {"trainable": args.trainable, "learning_rate": args.learning_rates},
        scoring=args.scoring,
        cv=StratifiedKFold(args.cv, shuffle=True, random_state=args.random_state),
        refit=False,
        error_score="raise",
        verbose=1,  # says how many fits there are
    )


def _parse(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(
        description="Sweep depths and rates of fine-tuning on a folder of photos.",
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("folder", help="one folder per class, or train, val, test folders of such")
    add("--split", choices=["train", "val", "test"], help="sweep on this split alone")
    add("--backbone", default="efficientnet_lite0", help="network")
    depths = "what learns: head, last2, all, or everything behind a cut layer"
    add("--trainable", nargs="+", default=["last2", "all"], help=depths)
    rates = "of the network; its new head learns ten times as fast"
    add("--learning-rates", type=float, nargs="+", default=[3e-5, 3e-4], help=rates)
    add("--epochs", type=int, help="of each fit; None: 5")
    add("--image-size", type=int, help="input side in pixels; None: the weights' own")
    add("--cv", type=int, default=3, help="folds")
    add(
        "--scoring", default="accuracy", help="any of scikit-learn's scores for classes"
    )
    add("--random-state", type=int, default=0, help="seed")
    add("--results", default="fine_tuning.csv", help="where the table goes")
    add("--experiment", default="hybridml", help="of MLflow")
    add("--tracking-uri", help="of MLflow; None: MLFLOW_TRACKING_URI, else mlflow.db")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
