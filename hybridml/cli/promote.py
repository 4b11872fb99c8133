"""``hybridml promote``: a registered model against the champion."""

from __future__ import annotations

from typing import Annotated

import typer

from hybridml.cli import options
from hybridml.cli.collection import read_collection
from hybridml.cli.help_text import examples
from hybridml.cli.model_files import quieten_mlflow
from hybridml.cli.terminal import say

EXAMPLES = examples(
    ("hybridml promote pets new_photos", "is the challenger better on these?"),
    ("hybridml promote pets new_photos --version 4", "another version"),
    ('hybridml promote pets --version 2 --reason "rolled back"', "without a test"),
)


def promote(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of the registered model.", metavar="NAME", show_default=False
        ),
    ],
    folder: options.Folder = None,
    manifest: options.Manifest = None,
    image: options.ImageColumn = None,
    target: options.TargetColumn = None,
    version: Annotated[
        int | None,
        typer.Option(help="Default: the challenger.", min=1, show_default=False),
    ] = None,
    scoring: Annotated[
        str | None,
        typer.Option(
            help="Any score of scikit-learn. Default: accuracy.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str,
        typer.Option(
            help="Promote it without a test, and say why.",
            metavar="TEXT",
            show_default=False,
        ),
    ] = "",
    trust: options.Trust = None,
    tracking_uri: options.TrackingUri = None,
) -> None:
    """Make a registered model the champion if it beats the present one.

    Both predict labelled images that neither has learned from. It becomes
    the champion only if it is better at the level of 5 %; else it is the
    challenger. The evidence is kept in its description.
    """
    import hybridml

    quieten_mlflow()
    images = labels = None
    if not reason or folder is not None or manifest is not None:
        collection = read_collection(
            folder, manifest, image=image, target=target, split=None
        )
        images, labels = collection.images, collection.labels
    found = hybridml.promote(
        name,
        images,
        labels,
        version=version,
        scoring=scoring,
        reason=reason,
        tracking_uri=tracking_uri,
        trusted=trust or (),
    )
    say(f"{found.name} version {found.version} is the {found.alias}.")
    say(found.evidence.replace("**", ""))
