"""A folder of photos in, the best cut layer and head out, by an ordinary GridSearchCV.

python pipelines/cut_layer_search.py photos --results cut_layers.csv
"""

from __future__ import annotations

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Sequence

import pandas as pd
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

from hybridml import (
    DeepFeatureExtractor,
    MLflowTracker,
    head_grid,
    list_cut_layers,
    load_image_folder,
    make_head,
    track_search,
)

SHOWN = r"^head$|^param_|^(mean|std)_test_score$"


def main(arguments: Sequence[str] | None = None) -> None:
    """Search cut layers and heads on the folder that the command line names."""
    args = _parse(arguments)
    images, labels = load_image_folder(args.folder, split=args.split)
    tracker = MLflowTracker(args.tracking_uri, args.experiment)
    with tracker.run(f"cut layer search: {args.backbone}") as run:
        run.log_params({"n_images": len(images), "n_folds": args.cv})
        searches = {head: _make_search(head, args) for head in args.heads}
        for head, search in searches.items():
            with track_search(search, run, name=head, tags={"hybridml.head": head}):
                search.fit(images, labels)
        results = _join(searches)
        results.to_csv(args.results, index=False)
        run.log_file(args.results)
        best = results.iloc[0]
        run.log_params(best["params"])
        run.log_metrics({"score": best["mean_test_score"]})
        run.log_metrics({"score_std": best["std_test_score"]})
        run.set_tags(
            {
                "hybridml.case": "1",
                "hybridml.backbone": args.backbone,
                "hybridml.cut_layer": best["params"]["features__cut_layer"],
                "hybridml.head": best["head"],
            }
        )
    shown = results.filter(regex=SHOWN).head(10)
    print(shown.to_string(index=False, na_rep="", float_format="{:.4g}".format))
    print(f"All {len(results)} rows: {args.results}")
    print(f"Runs are recorded in {tracker.where()}")


def _make_search(head: str, args: Namespace) -> GridSearchCV:
    """Cross the cut layers with the head's own grid."""
    extractor = DeepFeatureExtractor(args.backbone, image_size=args.image_size)
    shallow = make_head(head, random_state=args.random_state)
    cut_layers = args.cut_layers or list_cut_layers(args.backbone)["name"][:-1].tolist()
    return GridSearchCV(
        Pipeline([("features", extractor), ("head", shallow)]),
        {"features__cut_layer": cut_layers, **head_grid(head, prefix="head__")},
        scoring=args.scoring,
        cv=StratifiedKFold(args.cv, shuffle=True, random_state=args.random_state),
        refit=False,
        error_score="raise",
        verbose=1,  # says how many fits there are
    )


def _join(searches: dict[str, GridSearchCV]) -> pd.DataFrame:
    """Put the `cv_results_` of all heads into one table, the best row first."""
    tables = {head: pd.DataFrame(s.cv_results_) for head, s in searches.items()}
    joined = pd.concat(tables, names=["head"]).reset_index("head")
    # Of equal scores the one listed first: the earliest cut, which is the cheapest.
    return joined.sort_values(
        "mean_test_score", ascending=False, kind="stable", ignore_index=True
    )


def _parse(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(
        description="Search cut layers and heads on a folder of photos.",
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("folder", help="one folder per class, or train, val, test folders of such")
    add("--split", choices=["train", "val", "test"], help="search on this split alone")
    add("--backbone", default="efficientnet_lite0", help="network")
    add("--cut-layers", nargs="+", help="None: all that are declared, but the logits")
    add("--heads", nargs="+", default=["linear_svm", "logistic"], help="shallow heads")
    add("--image-size", type=int, help="input side in pixels; None: the weights' own")
    add("--cv", type=int, default=5, help="folds")
    add(
        "--scoring", default="accuracy", help="any of scikit-learn's scores for classes"
    )
    add("--random-state", type=int, default=0, help="seed")
    add("--results", default="cut_layers.csv", help="where the table goes")
    add("--experiment", default="hybridml", help="of MLflow")
    add("--tracking-uri", help="of MLflow; None: MLFLOW_TRACKING_URI, else mlflow.db")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
