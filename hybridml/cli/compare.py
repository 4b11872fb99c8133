"""``hybridml compare``: which transfer case wins on a folder of images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridml.cli import comparison_options, options, ray_options
from hybridml.cli.collection import read_collection
from hybridml.cli.comparison_options import RESULTS, WHAT, say_limit, time_limit
from hybridml.cli.folds import choose_folds
from hybridml.cli.help_text import examples
from hybridml.cli.model_files import check_can_be_saved
from hybridml.cli.options import given
from hybridml.cli.outcome import check_plot, keep, register_where_asked, show
from hybridml.cli.progress import comparison_progress
from hybridml.cli.terminal import say

if TYPE_CHECKING:
    from hybridml.cli.folds import Folds
    from hybridml.tracking import MLflowTracker, NullTracker
    from hybridml.transfer import TransferComparison

EXAMPLES = examples(
    ("hybridml compare photos", "photos/cats/*.jpg, photos/dogs/*.jpg ..."),
    ("hybridml compare photos --case 0 --case 1", "no training: seconds"),
    (
        "hybridml compare photos --backbone resnet18 --weights resnet18.pth",
        "another network, with weights you have",
    ),
    (
        "hybridml compare --manifest cells.csv --image file --target cell_type",
        "images listed in a table",
    ),
    (
        "hybridml compare photos --save winner --plot leaderboard.png",
        "keep the winner, fitted on all the images, and a picture",
    ),
    (
        "hybridml compare photos --report report.html",
        "all that was found, in one file to pass on",
    ),
    ("hybridml compare photos --json > result.json", "for a script"),
)


def compare(
    folder: options.Folder = None,
    manifest: options.Manifest = None,
    image: options.ImageColumn = None,
    target: options.TargetColumn = None,
    split: options.SplitColumn = None,
    case: Annotated[
        list[int] | None,
        typer.Option(
            help="0: the network as it is; 1: deep features and a shallow head; 2: "
            "fine-tune the last layers; 3: fine-tune everything; 4: train from "
            "scratch. Repeatable. Default: all.",
            rich_help_panel=WHAT,
            metavar="0-4",
            show_default=False,
        ),
    ] = None,
    backbone: Annotated[
        list[str] | None,
        typer.Option(
            help="Network; all names: hybridml backbones. Repeatable. Default: "
            "efficientnet_lite0, whose weights are installed already.",
            rich_help_panel=WHAT,
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="Case 1: linear_svm, logistic, rbf_svm, ridge or xgboost; the best is "
            "chosen. Repeatable. Default: linear_svm and logistic.",
            rich_help_panel=WHAT,
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    cut_layer: Annotated[
        list[str] | None,
        typer.Option(
            help="Case 1: where to cut (hybridml layers BACKBONE); the best is chosen, "
            "or with 'ensemble' each has its say. Repeatable. Default: all declared "
            "ones, and then the ensemble beside them.",
            rich_help_panel=WHAT,
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    scratch_backbone: Annotated[
        str | None,
        typer.Option(
            help="Case 4: a network of its own, such as lenet5.",
            rich_help_panel=WHAT,
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    cv: comparison_options.Cv = None,
    task: options.Task = None,
    scoring: comparison_options.Scoring = None,
    weights: options.Weights = None,
    image_size: options.ImageSize = None,
    epochs: options.Epochs = None,
    augmentation: options.Augmentation = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            help="Minutes; what trains a network is cut down to fit, the worse ones "
            "first. 0 is no limit. Default: 20.",
            rich_help_panel=WHAT,
            metavar="MINUTES",
            min=0,
            show_default=False,
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            help="Fit the winner on all the images compared and save it, "
            "for hybridml predict and serve: a folder without code, or a FILE.joblib.",
            rich_help_panel=RESULTS,
            metavar="MODEL",
            show_default=False,
        ),
    ] = None,
    register: comparison_options.Register = None,
    plot: comparison_options.Plot = None,
    report: comparison_options.Report = None,
    json: comparison_options.Json = False,
    experiment: options.Experiment = "hybridml",
    tracking_uri: options.TrackingUri = None,
    no_tracking: options.NoTracking = False,
    store: options.Store = None,
    no_store: options.NoStore = False,
    fresh: comparison_options.Fresh = False,
    jobs: options.Jobs = None,
    random_state: options.RandomState = None,
    engine: ray_options.Engine = "local",
    address: ray_options.Address = None,
    cpus_per_worker: ray_options.CpusPerWorker = None,
    gpus_per_worker: ray_options.GpusPerWorker = None,
) -> None:
    """Compare the transfer cases on your images and name the winner.

    Every case learns from the same images and is scored on the same
    others. An image goes through a pretrained network once; case 1's
    whole search over cut layers and heads, and later runs, work on the
    stored features.
    """
    check_can_be_saved("--save", save)
    options.check_can_be_written("--report", report)
    check_plot(plot)
    in_store = options.store_option(store, no_store)
    where = ray_options.engine_parameters(
        engine,
        address=address,
        cpus_per_worker=cpus_per_worker,
        gpus_per_worker=gpus_per_worker,
    )
    collection = read_collection(
        folder, manifest, image=image, target=target, split=split
    )
    folds = choose_folds(collection, cv, task or "auto")
    tracker = make_tracker(tracking_uri, experiment, is_off=no_tracking)
    say(_plan(folds, time_budget))
    say(f"Recorded in: {tracker.where()}")
    comparison = _compare(
        folds,
        tracker=tracker,
        **in_store,
        **({"journal": None} if fresh else {}),
        **time_limit(time_budget),
        **where,
        **given(
            task=task,
            cases=case,
            backbones=backbone,
            heads=head,
            cut_layers=_cut_layers(cut_layer),
            scratch_backbone=scratch_backbone,
            scoring=scoring,
            weights=weights,
            image_size=image_size,
            epochs=epochs,
            augmentation=augmentation,
            n_jobs=jobs,
            random_state=random_state,
        ),
    )
    if json:
        typer.echo(comparison.to_json())
    show(comparison, len(folds.images), on_stderr=json)
    keep(comparison, save, plot, report)
    register_where_asked(comparison, register, tracking_uri, experiment)
    if comparison.is_interrupted:
        raise typer.Exit(130)


def make_tracker(
    uri: str | None, experiment: str, *, is_off: bool
) -> MLflowTracker | NullTracker:
    """Make the tracker that the options ask for."""
    from hybridml.tracking import MLflowTracker, NullTracker

    return NullTracker() if is_off else MLflowTracker(uri, experiment)


def _compare(folds: Folds, **parameters: Any) -> TransferComparison:
    from hybridml.transfer import compare_transfer_cases

    with comparison_progress() as on_step:
        return compare_transfer_cases(
            folds.images, folds.labels, cv=folds.cv, on_step=on_step, **parameters
        )


def _plan(folds: Folds, time_budget: float | None) -> str:
    """Say what is going to be done, and how long it may take."""
    what = f"{len(folds.images):,} images of {folds.n_classes} classes"
    if not folds.n_classes:
        what = f"{len(folds.images):,} images with numbers"
    limit = say_limit(time_budget, default=20)
    return f"{what}; each case on the same ones, {limit}.\n{folds.said}"


def _cut_layers(names: list[str] | None) -> str | list[str] | None:
    """Give a name that stands for several layers by itself, and else a list."""
    return names[0] if names in (["all"], ["ensemble"]) else names
