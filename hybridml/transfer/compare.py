"""Comparing the transfer cases on the same folds, and naming the winner."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import get_scorer

from hybridml._labels import check_labels
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import InvalidParameterError
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.tracking.null_tracker import NullTracker
from hybridml.tracking.protocol import Run, Tracker
from hybridml.transfer.candidate import Candidate
from hybridml.transfer.cases import CASES, CaseOptions, check_case
from hybridml.transfer.comparison import COLUMNS, TransferComparison, describe_row
from hybridml.transfer.progress import ComparisonProgress, Step
from hybridml.transfer.splits import Fold, make_folds


def compare_transfer_cases(
    X: Any,
    y: Any,
    *,
    backbones: Sequence[str] = ("efficientnet_lite0",),
    cases: Sequence[int] = tuple(CASES),
    heads: Sequence[str] = ("linear_svm", "logistic"),
    cut_layers: str | Sequence[str] = "all",
    cv: Any = 5,
    scoring: str = "accuracy",
    scratch_backbone: str | None = None,
    weights: str | Path | None = "default",
    image_size: int | None = None,
    scratch_image_size: int | None = None,
    pooling: str = "mean",
    class_map: str | Mapping[Any, Sequence[str | int]] = "learn",
    epochs: str | int = "auto",
    augmentation: str = "standard",
    device: str = "auto",
    precision: str = "auto",
    store: str | Path | FeatureStore | None = "default",
    tracker: Tracker | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
) -> TransferComparison:
    """Compare the ways of transferring a pretrained network to a task.

    Every case sees the same folds. Whatever a case learns or chooses (class map, cut
    layer, head, epoch) it learns from the training part of the fold.

    Parameters
    ----------
    X : sequence of n_images images
        As for `DeepFeatureExtractor`.
    y : array-like of shape (n_images,)
    backbones : sequence of str, default=("efficientnet_lite0",)
    cases : sequence of int, default=(0, 1, 2, 3, 4)
    heads : sequence of str, default=("linear_svm", "logistic")
        Case 1's heads; the best is chosen in inner folds, with its strength.
    cut_layers : "all" or sequence of str, default="all"
        Case 1's cut layers; the best is chosen in inner folds.
    cv : int, splitter or iterable of (train, test), default=5
    scoring : str, default="accuracy"
        Name of any of scikit-learn's scorers.
    scratch_backbone : str or None, default=None
        What case 4 trains; None for each of the backbones.
    weights, image_size, pooling, class_map, epochs, augmentation, device, precision, \
store
        As for `TransferClassifier`.
    scratch_image_size : int or None, default=None
        Input size of `scratch_backbone`; None for its own.
    tracker : Tracker or None, default=None
        Where runs are recorded: a parent, a child a case, under it one a fold.
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads of case 1's search and of the decoding; None for one a core when
        decoding, and a search in one thread.
    on_step : callable, default does nothing
        Called with a `Step` whenever a fold or an epoch begins.

    Returns
    -------
    comparison : TransferComparison

    Raises
    ------
    InvalidParameterError, UnknownNameError, WeightsError
        If a parameter is wrong.
    DataError
        If images and labels do not fit together, or images cannot be decoded.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 6, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 6 + ["light"] * 6
    >>> found = compare_transfer_cases(
    ...     X, y, cases=[0, 1], cut_layers=["stem", "penultimate"], cv=2,
    ...     image_size=64, store=None,
    ... )
    >>> found.table[["case", "score"]].to_numpy().tolist()
    [[0.0, 1.0], [1.0, 1.0]]
    """
    images = as_images(X)
    labels = check_labels(y, len(images), min_per_class=2)
    common = CaseOptions(
        weights=weights,
        image_size=image_size,
        pooling=pooling,
        cut_layer=cut_layers,
        head=heads,
        scoring=scoring,
        class_map=class_map,
        epochs=epochs,
        augmentation=augmentation,
        device=device,
        precision=precision,
        store=store,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    scratch = (scratch_backbone, scratch_image_size)
    candidates = _list_candidates(backbones, cases, common, scratch)
    folds = make_folds(labels, cv, random_state)
    tracker = tracker or NullTracker()
    progress = ComparisonProgress(candidates, folds)
    with tracker.run(_title(candidates), tags=_parent_tags(candidates)) as parent:
        parent.log_params(_facts(labels, folds, scoring))
        for candidate in candidates:
            candidate.run(
                images,
                labels,
                folds,
                scorer=get_scorer(scoring),
                parent=parent,
                on_step=progress.reporter(candidate, on_step),
            )
        comparison = _sum_up(candidates, images, labels, scoring, tracker.where())
        _log_outcome(parent, comparison)
    return comparison


def _list_candidates(
    backbones: Sequence[str],
    cases: Sequence[int],
    common: CaseOptions,
    scratch: tuple[str | None, int | None],
) -> list[Candidate]:
    """List each case of each backbone; a scratch backbone of its own comes once."""
    backbones = [backbones] if isinstance(backbones, str) else list(backbones)
    scratch_backbone, scratch_image_size = scratch
    found = []
    for backbone in backbones:
        get_backbone(backbone)
        found += [
            Candidate(case, replace(common, backbone=backbone))
            for case in cases
            if case != 4 or scratch_backbone is None
        ]
    if 4 in cases and scratch_backbone is not None:
        get_backbone(scratch_backbone)
        sized = {"backbone": scratch_backbone, "image_size": scratch_image_size}
        found.append(Candidate(4, replace(common, **sized)))
    for candidate in found:
        check_case(candidate.case)
    if not found:
        raise InvalidParameterError(
            "Got no cases or no backbones to compare; expected at least one of each."
        )
    return found


def _sum_up(
    candidates: Sequence[Candidate],
    images: npt.NDArray[Any],
    labels: npt.NDArray[Any],
    scoring: str,
    where: str,
) -> TransferComparison:
    table = pd.DataFrame([c.row() for c in candidates], columns=list(COLUMNS))
    # Of equal scores the cheaper case, which was listed first, stands first.
    order = table["score"].sort_values(ascending=False, kind="stable").index
    best = candidates[order[0]]
    folds = [
        {"case": c.case, "backbone": c.options.backbone, **fold}
        for c in candidates
        for fold in c.folds
    ]
    return TransferComparison(
        table=table.loc[order].reset_index(drop=True),
        fold_scores=pd.DataFrame(folds),
        layer_scores=_layer_scores(candidates),
        scoring=scoring,
        where=where,
        _refit=lambda: best.make(calibrate=True).fit(images, labels),
    )


def _layer_scores(candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Average the inner scores of each layer and head over the outer folds."""
    columns = ["backbone", "cut_layer", "head", "score", "score_std"]
    parts = [
        layers.assign(backbone=candidate.options.backbone)
        for candidate in candidates
        for layers in candidate.layers
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    every = pd.concat(parts)[columns]
    return every.groupby(columns[:3], sort=False, as_index=False).mean()


def _title(candidates: Sequence[Candidate]) -> str:
    backbones = dict.fromkeys(c.options.backbone for c in candidates)
    return f"transfer cases: {', '.join(backbones)}"


def _parent_tags(candidates: Sequence[Candidate]) -> dict[str, str]:
    cases = dict.fromkeys(str(c.case) for c in candidates)
    return {"hybridml.kind": "comparison", "hybridml.cases": ", ".join(cases)}


def _facts(
    labels: npt.NDArray[Any], folds: Sequence[Fold], scoring: str
) -> dict[str, object]:
    classes, counts = np.unique(labels, return_counts=True)
    sizes = zip(classes.tolist(), counts.tolist(), strict=True)
    return {
        "n_images": len(labels),
        "n_classes": len(classes),
        "images_per_class": ", ".join(f"{name}: {count}" for name, count in sizes),
        "n_folds": len(folds),
        "scoring": scoring,
    }


def _log_outcome(parent: Run, comparison: TransferComparison) -> None:
    """Name the winner on the parent, with its score, the table and the picture."""
    winner = comparison.winner
    parent.set_tags(
        {
            "hybridml.winner": describe_row(winner),
            "hybridml.case": str(winner["case"]),
            "hybridml.backbone": winner["backbone"],
            "hybridml.cut_layer": winner["cut_layer"],
            "hybridml.head": winner["head"],
            "mlflow.note.content": _note(comparison),
        }
    )
    scores = {
        f"score_case_{row['case']}": float(row["score"])
        for row in comparison.table[::-1].to_dict("records")
    }
    parent.log_metrics({"score": float(winner["score"]), **scores})
    parent.log_text(comparison.table.to_csv(index=False), "leaderboard.csv")
    if len(comparison.layer_scores):
        parent.log_text(comparison.layer_scores.to_csv(index=False), "layers.csv")
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "leaderboard.png"
        comparison.plot(picture)
        parent.log_file(picture)


def _note(comparison: TransferComparison) -> str:
    """Word the outcome in markdown, for the run's page."""
    shown = comparison.table.drop(columns="images_forwarded").round(3).astype(str)
    lines = [" | ".join(row) for row in shown.to_numpy()]
    header = " | ".join(shown.columns)
    rule = " | ".join("---" for _ in shown.columns)
    table = "\n".join(f"| {line} |" for line in (header, rule, *lines))
    return f"**{comparison.verdict}**\n\n{table}\n"
