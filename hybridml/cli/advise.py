"""``hybridml advise``: which transfer case to take, in seconds."""

from __future__ import annotations

import json as json_module
import math
from typing import TYPE_CHECKING, Annotated

import typer

from hybridml.cli import options
from hybridml.cli.collection import read_collection
from hybridml.cli.help_text import examples
from hybridml.cli.options import given
from hybridml.cli.terminal import say, to_stderr, to_stdout

if TYPE_CHECKING:
    from hybridml.transfer import Advice

EXAMPLES = examples(
    ("hybridml advise photos", "which case, cut where, and why"),
    (
        "hybridml advise --manifest cells.csv --target n_rbc --task regression",
        "numbers, listed in a table",
    ),
    ("hybridml advise photos --json > advice.json", "for a script"),
    ("hybridml fit photos --output model --cut-layer ensemble", "do as it says"),
    ("hybridml compare photos", "or see whether it is right"),
)


_TOLD = (
    "case",
    "cut_layer",
    "backbone",
    "expected_score",
    "expected_low",
    "expected_high",
    "expected_fit_s",
    "sureness",
    "reasons",
)


def advise(
    folder: options.Folder = None,
    manifest: options.Manifest = None,
    image: options.ImageColumn = None,
    target: options.TargetColumn = None,
    split: options.SplitColumn = None,
    task: options.Task = None,
    backbone: options.Backbone = None,
    weights: options.Weights = None,
    image_size: options.ImageSize = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON object on stdout. All else goes to stderr."
        ),
    ] = False,
    store: options.Store = None,
    no_store: options.NoStore = False,
    jobs: options.Jobs = None,
    random_state: options.RandomState = None,
) -> None:
    """Say which transfer case suits your images, before any network is trained.

    Each image goes through the network once; linear probes of every cut
    layer, the size of the classes and the similarity to ImageNet decide.
    Of images with a split, those of train are looked at.
    """
    from hybridml.transfer import advise_transfer_case

    in_store = options.store_option(store, no_store)
    collection = read_collection(
        folder, manifest, image=image, target=target, split=split
    )
    assert collection.labels is not None
    images, targets = collection.images, collection.labels
    if collection.splits is not None and len(collection.of("train")):
        kept = collection.of("train")
        images, targets = images[kept], targets[kept]
    say(f"Looking at {len(images):,} images ...")
    advice = advise_transfer_case(
        images,
        targets,
        **in_store,
        **given(
            task=task,
            backbone=backbone,
            weights=weights,
            image_size=image_size,
            n_jobs=jobs,
            random_state=random_state,
        ),
    )
    if json:
        typer.echo(_to_json(advice))
    console = to_stderr() if json else to_stdout()
    console.print(str(advice), markup=False, highlight=False)


def _to_json(advice: Advice) -> str:
    """Give the advice as one JSON object; what is no number is null."""
    found = {name: getattr(advice, name) for name in _TOLD}
    facts = {k: None if math.isnan(v) else v for k, v in advice.facts.items()}
    evidence = json_module.loads(advice.evidence.to_json(orient="records"))
    return json_module.dumps({**found, "facts": facts, "evidence": evidence})
