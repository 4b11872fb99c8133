"""A table of photos, texts and numbers in, the winning fusion out, runs in MLflow.

python pipelines/fusion_comparison.py products.csv --target season --images photo
"""

from __future__ import annotations

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

import pandas as pd

from hybridml import (
    DeepFeatureExtractor,
    MLflowTracker,
    SpectrogramExtractor,
    TableEncoder,
    TextEncoder,
    compare_fusion,
    load_manifest,
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare fusions on the table that the command line names."""
    args = _parse(arguments)
    table, targets = load_manifest(
        args.manifest, file_columns=[*args.images, *args.audio], target=args.target
    )
    tracker = MLflowTracker(args.tracking_uri, args.experiment)
    comparison = compare_fusion(
        _with_texts(table, args.texts),
        targets,
        modalities=_modalities(args),
        kinds=args.kinds,
        cv=args.cv,
        scoring=args.scoring,
        tracker=tracker,
        random_state=args.random_state,
        on_step=lambda step: print(f"{step.done:4.0%}  {step.text}", flush=True),
    )
    shown = ["candidate", "head", "score", "score_low", "score_high", "fit_time_s"]
    print(comparison.table[shown].round(3).to_string(index=False))
    print(comparison.verdict)
    if args.report:
        print(f"Report: {comparison.to_html(args.report)}")
    print(f"Runs are recorded in {tracker.where()}")


def _modalities(args: Namespace) -> list[tuple[str, Any, Any]]:
    """Give every column an encoder of its kind; those of the table share one."""
    network = {"backbone": args.backbone, "image_size": args.image_size}
    photos = [(name, DeepFeatureExtractor(**network), name) for name in args.images]
    sounds = [(name, SpectrogramExtractor(**network), name) for name in args.audio]
    texts = [(name, TextEncoder(), name) for name in args.texts]
    table = [("table", TableEncoder(), args.tabular)] if args.tabular else []
    return [*photos, *sounds, *texts, *table]


def _with_texts(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Let numbers in columns of texts be texts; what is missing stays so."""
    texts = {
        name: table[name].astype(str).where(table[name].notna()) for name in columns
    }
    return table.assign(**texts)


def _parse(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(
        description="Compare ways of fusing the columns of a table.",
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("manifest", help=".csv, .tsv or .parquet; paths in it start from its folder")
    add("--target", required=True, help="column to predict")
    add("--images", nargs="+", default=[], help="columns of image files")
    add("--audio", nargs="+", default=[], help="columns of WAV files")
    add("--texts", nargs="+", default=[], help="columns of texts")
    add("--tabular", nargs="+", default=[], help="columns of numbers and categories")
    add(
        "--kinds",
        nargs="+",
        default=["early", "late", "intermediate"],
        help="of fusion",
    )
    add("--backbone", default="efficientnet_lite0", help="network for images, sounds")
    add("--image-size", type=int, help="input side in pixels; None: the weights' own")
    add("--cv", type=int, default=5, help="folds")
    add("--scoring", help="any of scikit-learn's scores; None: accuracy, or r2")
    add("--random-state", type=int, default=0, help="seed")
    add("--report", help="HTML file to write")
    add("--experiment", default="hybridml", help="of MLflow")
    add("--tracking-uri", help="of MLflow; None: MLFLOW_TRACKING_URI, else mlflow.db")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
