"""``hybridml demo``: the five cases on real images that are already installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridml.cli import options
from hybridml.cli.compare import make_tracker
from hybridml.cli.help_text import examples
from hybridml.cli.leaderboard import (
    LEGEND,
    describe_cut,
    describe_passes,
    is_early_cut_better,
    layer_curve,
    leaderboard,
)
from hybridml.cli.options import given
from hybridml.cli.progress import comparison_progress
from hybridml.cli.terminal import say, to_stdout

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from rich.console import RenderableType

    from hybridml.tracking.protocol import Tracker
    from hybridml.transfer import TransferComparison

EXAMPLES = examples(
    ("hybridml demo", "all of it"),
    ("hybridml demo", "again: features come from the store"),
    ("hybridml demo --images 300", "a quicker look"),
)

# What makes the demo fit two cores: small images and three folds. In float32, so that
# it tells one story on machines with and without bfloat16.
SETTINGS: dict[str, Any] = {
    "image_size": 48,
    "precision": "fp32",
    "heads": ["linear_svm", "rbf_svm"],
    "cv": 3,
    "scratch_backbone": "lenet5",
    "augmentation": "light",
    "n_jobs": 2,
}
_WIDTH = 80
_BACKBONE = "efficientnet_lite0"


def demo(
    images: Annotated[
        int | None,
        typer.Option(
            help="Use only so many of the images, for a quicker look. Default: all.",
            metavar="N",
            min=100,
            show_default=False,
        ),
    ] = None,
    experiment: options.Experiment = "hybridml-demo",
    tracking_uri: options.TrackingUri = None,
    no_tracking: options.NoTracking = False,
    store: options.Store = None,
    no_store: options.NoStore = False,
) -> None:
    """Compare the five transfer cases on handwritten digits, from start to winner.

    The images are scikit-learn's 1,797 digits and the weights are part of
    the installation, so nothing is downloaded. It takes some minutes on
    two cores.
    """
    in_store = options.store_option(store, no_store)
    tracker = make_tracker(tracking_uri, experiment, is_off=no_tracking)
    digits, labels = _load_digits(images)
    _tell_plan(len(digits), tracker)
    comparison = _compare(digits, labels, tracker=tracker, **in_store)
    _tell_outcome(comparison, len(digits))
    _tell_next_steps(given(tracking_uri=tracking_uri), is_tracked=not no_tracking)


def _load_digits(
    n_images: int | None,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.intp]]:
    """Load the digits as greyscale pictures of 8 by 8 pixels."""
    import numpy as np
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = np.round(found.images * (255 / 16)).astype(np.uint8)  # 0 to 16 in there
    return pixels[:n_images], found.target[:n_images]


def _compare(
    digits: npt.NDArray[np.uint8], labels: npt.NDArray[np.intp], **parameters: Any
) -> TransferComparison:
    from hybridml.transfer import compare_transfer_cases

    with comparison_progress() as on_step:
        return compare_transfer_cases(
            digits,
            labels,
            backbones=[_BACKBONE],
            on_step=on_step,
            journal=None,  # a second run shows what stored features save
            **SETTINGS,
            **parameters,
        )


def _tell_plan(n_images: int, tracker: Tracker) -> None:
    from hybridml.transfer import CASES

    _tell("[bold]Which way of reusing a pretrained network reads digits best?[/bold]\n")
    _tell(
        f"{n_images:,} real images of handwritten digits, 8 x 8 pixels, that come with "
        f"scikit-learn; {_BACKBONE}, which has only ever seen ImageNet's photos.\n"
    )
    for case, what in CASES.items():
        which = f" ({SETTINGS['scratch_backbone']})" if case == 4 else ""
        _tell(f"  case {case}  {what}{which}")
    _tell(
        f"\nEvery case learns from and is scored on the same {SETTINGS['cv']} folds. "
        "Cases 0 and 1 send each image through the network once; case 1 then searches "
        "all cut layers on the stored features. Nearly all the time goes into training "
        "the network in cases 2 and 3: 3 to 5 minutes in all on two cores.\n"
    )
    say(f"Recorded in: {tracker.where()}")


def _tell_outcome(comparison: TransferComparison, n_images: int) -> None:
    layer_scores = comparison.layer_scores
    _tell("", leaderboard(comparison.table, comparison.scoring))
    _tell(f"[dim]{LEGEND}[/dim]")
    _tell("", layer_curve(layer_scores), "")
    if is_early_cut_better(layer_scores):
        _tell(
            "ImageNet is far from digits: what the last layers know of dogs and cars "
            "helps less here than what earlier ones know of strokes and corners."
        )
    _tell(describe_cut(layer_scores))
    _tell(f"\n[bold]{comparison.verdict}[/bold]\n")
    _tell(describe_passes(comparison.table, n_images))


def _tell_next_steps(place: dict[str, str], *, is_tracked: bool) -> None:
    if is_tracked:
        uri = f" --tracking-uri {place['tracking_uri']}" if place else ""
        _tell("\n[bold]See every run, fold and epoch:[/bold]")
        typer.echo(f"  hybridml ui{uri}")
    _tell(
        "\n[bold]Try your own photos[/bold], one folder per class (photos/cats, "
        "photos/dogs ...):"
    )
    typer.echo("  hybridml compare photos")


def _tell(*parts: RenderableType) -> None:
    """Print on stdout, no wider than is easily read."""
    console = to_stdout()
    for part in parts:
        console.print(part, width=min(console.width, _WIDTH))
