"""``hybridml fuse``: does fusing the columns of a table pay, and which way wins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridml.cli import comparison_options, options
from hybridml.cli.compare import make_tracker
from hybridml.cli.comparison_options import RESULTS, WHAT, say_limit, time_limit
from hybridml.cli.folds import choose_folds
from hybridml.cli.fusion_outcome import show_fusion
from hybridml.cli.help_text import examples
from hybridml.cli.modalities import FILES, ask_modalities, make_modalities, read_rows
from hybridml.cli.model_files import JOBLIB, check_can_be_saved
from hybridml.cli.options import given
from hybridml.cli.outcome import check_plot, keep, register_where_asked
from hybridml.cli.progress import comparison_progress
from hybridml.cli.terminal import say

if TYPE_CHECKING:
    from hybridml.cli.folds import Folds
    from hybridml.fusion.comparing.comparison import FusionComparison

EXAMPLES = examples(
    (
        "hybridml fuse --manifest products.csv --target season \\\n"
        "      --image photo --text name --tabular price,brand",
        "photos, texts and two columns of the table",
    ),
    (
        "hybridml fuse --manifest calls.csv --target mood --audio wav --text said",
        "sounds, with what was said",
    ),
    (
        "hybridml fuse --manifest products.csv --target season --image front \\\n"
        "      --image back --kind late --report report.html",
        "two photos of each thing, fused late; all that was found in one file",
    ),
)
_MODALITIES, _MINUTES = "What is fused", 15

Columns = list[str] | None


def fuse(
    manifest: Annotated[
        Path,
        typer.Option(
            help="A .csv, .tsv or .parquet table. Paths of files in it start from its "
            "folder; empty cells, and files that do not exist, are missing.",
            rich_help_panel=_MODALITIES,
            metavar="FILE",
            show_default=False,
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="Column to predict; needed where more than one is left.",
            rich_help_panel=_MODALITIES,
            metavar="COL",
            show_default=False,
        ),
    ] = None,
    image: Annotated[
        Columns,
        typer.Option(
            help="Column of image files or URLs. Repeatable, as are those below.",
            rich_help_panel=_MODALITIES,
            metavar="COL",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        Columns,
        typer.Option(
            help="Column of texts.",
            rich_help_panel=_MODALITIES,
            metavar="COL",
            show_default=False,
        ),
    ] = None,
    audio: Annotated[
        Columns,
        typer.Option(
            help="Column of WAV files.",
            rich_help_panel=_MODALITIES,
            metavar="COL",
            show_default=False,
        ),
    ] = None,
    tabular: Annotated[
        Columns,
        typer.Option(
            help="Columns of numbers, dates or categories that are one modality, with "
            "commas between them.",
            rich_help_panel=_MODALITIES,
            metavar="COL[,COL...]",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Column that says train, val or test. Default: 'split', if there is "
            "one.",
            rich_help_panel=_MODALITIES,
            metavar="COL",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="early (features side by side), late (predictions combined) or "
            "intermediate (one network). Repeatable. Default: all.",
            rich_help_panel=WHAT,
            metavar="KIND",
            show_default=False,
        ),
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="Early: linear_svm, logistic, rbf_svm, ridge or xgboost. Repeatable. "
            "Default: logistic (for numbers ridge) and, of up to 3,000 rows, rbf_svm.",
            rich_help_panel=WHAT,
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    combine: Annotated[
        list[str] | None,
        typer.Option(
            help="Late: mean, weighted, stack, product, max or vote. Repeatable. "
            "Default: the first three.",
            rich_help_panel=WHAT,
            metavar="RULE",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="Intermediate: concat, gated, low_rank or attention. Repeatable. "
            "Default: the first two.",
            rich_help_panel=WHAT,
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    cv: comparison_options.Cv = None,
    task: options.Task = None,
    scoring: comparison_options.Scoring = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            help="Minutes to begin new folds of early and intermediate fusion in; the "
            f"worse ones drop out first. 0 is no limit. Default: {_MINUTES}.",
            rich_help_panel=WHAT,
            metavar="MINUTES",
            min=0,
            show_default=False,
        ),
    ] = None,
    backbone: options.Backbone = None,
    weights: options.Weights = None,
    image_size: options.ImageSize = None,
    save: Annotated[
        Path | None,
        typer.Option(
            help="Fit the winner on all the rows compared and save it: a folder "
            "without code, or a FILE.joblib. It predicts tables with the same columns.",
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
) -> None:
    """Fuse images, texts, sounds and columns of a table, and name the winner.

    Early, late and intermediate fusion and each modality alone learn from
    the same rows and are scored on the same others, so that you see
    whether fusing pays. Rows may lack modalities.
    """
    check_can_be_saved("--save", save)
    options.check_can_be_written("--report", report)
    check_plot(plot)
    kept = {**options.store_option(store, no_store), **given(n_jobs=jobs)}
    asked = ask_modalities(image=image, text=text, audio=audio, tabular=tabular)
    table, rows = read_rows(manifest, asked, target=target, split=split)
    folds = choose_folds(rows, cv, task or "auto")
    network = given(backbone=backbone, weights=weights, image_size=image_size)
    modalities = make_modalities(asked, **{**network, **(kept if network else {})})
    tracker = make_tracker(tracking_uri, experiment, is_off=no_tracking)
    say(_plan(folds, [name for name, _, _ in modalities], time_budget))
    say(f"Recorded in: {tracker.where()}")
    comparison = _compare(
        table.iloc[folds.images],
        folds,
        modalities=modalities,
        tracker=tracker,
        **kept,
        **({"journal": None} if fresh else {}),
        **time_limit(time_budget),
        **given(
            task=task,
            kinds=kind,
            heads=head,
            combinations=combine,
            methods=method,
            scoring=scoring,
            random_state=random_state,
        ),
    )
    if json:
        typer.echo(comparison.to_json())
    has_network = any(one.kind in FILES for one in asked)
    show_fusion(comparison, has_network=has_network, on_stderr=json)
    use = "hybridml serve {model}, or load_model({model!r}).predict(table)"
    if save is not None and save.suffix in JOBLIB:
        use = "joblib.load({model!r}).predict(table)"
    keep(comparison, save, plot, report, data="rows", use=use)
    register_where_asked(comparison, register, tracking_uri, experiment)
    if comparison.is_interrupted:
        raise typer.Exit(130)


def _compare(table: Any, folds: Folds, **parameters: Any) -> FusionComparison:
    from hybridml.fusion import compare_fusion

    with comparison_progress() as on_step:
        return compare_fusion(
            table, folds.labels, cv=folds.cv, on_step=on_step, **parameters
        )


def _plan(folds: Folds, names: list[str], time_budget: float | None) -> str:
    """Say what is going to be done, and how long it may take."""
    what = f"of {folds.n_classes} classes" if folds.n_classes else "with numbers"
    limit = say_limit(time_budget, default=_MINUTES)
    return (
        f"{len(folds.images):,} rows {what}; fused: {', '.join(names)}; {limit}.\n"
        f"{folds.said}"
    )
