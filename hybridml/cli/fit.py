"""``hybridml fit``: one transfer case, fitted and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridml.cli import options
from hybridml.cli.collection import Collection, read_collection
from hybridml.cli.help_text import examples
from hybridml.cli.model_files import check_can_be_saved, save_fitted
from hybridml.cli.options import given
from hybridml.cli.terminal import say, to_stderr

if TYPE_CHECKING:
    from hybridml.transfer import TransferClassifier

EXAMPLES = examples(
    ("hybridml fit photos --output model", "case 1, the quickest good one"),
    (
        "hybridml fit photos --output model --cut-layer all --head logistic",
        "the best cut layer is searched for",
    ),
    (
        "hybridml fit photos --output model --case 3 --epochs 10",
        "fine-tune everything",
    ),
    ("hybridml predict model new_photos", "then use it"),
)
_WHAT = "What is fitted"


def fit(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Where to save the model: a folder to make, which holds no code; or "
            "a FILE.joblib.",
            metavar="MODEL",
        ),
    ],
    folder: options.Folder = None,
    manifest: options.Manifest = None,
    image: options.ImageColumn = None,
    target: options.TargetColumn = None,
    split: options.SplitColumn = None,
    case: Annotated[
        int | None,
        typer.Option(
            help="0: the network as it is; 1: deep features and a shallow head; 2: "
            "fine-tune the last layers; 3: fine-tune everything; 4: train from "
            "scratch. Default: 1.",
            rich_help_panel=_WHAT,
            metavar="0-4",
            show_default=False,
        ),
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="Case 1: linear_svm, logistic, rbf_svm, ridge or xgboost; of several "
            "the best is chosen. Repeatable. Default: linear_svm.",
            rich_help_panel=_WHAT,
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    cut_layer: Annotated[
        list[str] | None,
        typer.Option(
            help="Case 1: where to cut (hybridml layers BACKBONE); of several, or of "
            "'all', the best is chosen, and 'ensemble' lets each have its say. "
            "Repeatable. Default: penultimate.",
            rich_help_panel=_WHAT,
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    backbone: options.Backbone = None,
    weights: options.Weights = None,
    image_size: options.ImageSize = None,
    epochs: options.Epochs = None,
    augmentation: options.Augmentation = None,
    store: options.Store = None,
    no_store: options.NoStore = False,
    jobs: options.Jobs = None,
    random_state: options.RandomState = None,
) -> None:
    """Fit one transfer case on your images and save it, always with probabilities.

    Where the images have a split of their own, it learns from train and
    says how well it does on val and test.
    """
    check_can_be_saved("--output", output)
    in_store = options.store_option(store, no_store)
    collection = read_collection(
        folder, manifest, image=image, target=target, split=split
    )
    parameters = given(
        case=case,
        head=_one_or_many(head),
        cut_layer=_one_or_many(cut_layer),
        backbone=backbone,
        weights=weights,
        image_size=image_size,
        epochs=epochs,
        augmentation=augmentation,
        n_jobs=jobs,
        random_state=random_state,
    )
    model = _fit(collection, {**parameters, **in_store})
    _save(model, output)


def _fit(collection: Collection, parameters: dict[str, Any]) -> TransferClassifier:
    from hybridml.transfer import TransferClassifier

    images, labels = collection.images, collection.labels
    assert labels is not None
    train = collection.of("train") if collection.splits is not None else None
    if train is not None and len(train):
        images, labels = images[train], labels[train]
    shown = int(to_stderr().is_terminal)
    model = TransferClassifier(calibrate=True, verbose=shown, **parameters)
    say(f"Fitting case {model.case} ({model.backbone}) on {len(images):,} images ...")
    model.fit(images, labels)
    for split in ("val", "test") if train is not None and len(train) else ():
        _score(model, collection, split)
    model.set_params(verbose=0)
    return model


def _score(model: TransferClassifier, collection: Collection, split: str) -> None:
    positions = collection.of(split)
    if len(positions) and collection.labels is not None:
        images, labels = collection.images[positions], collection.labels[positions]
        accuracy = model.score(images, labels)
        say(f"Accuracy on the {len(positions):,} images of {split}: {accuracy:.3f}")


def _save(model: TransferClassifier, output: Path) -> None:
    save_fitted(model, output)
    classes = ", ".join(str(name) for name in model.classes_[:10])
    more = " ..." if len(model.classes_) > 10 else ""
    say(f"Saved {output} (classes: {classes}{more})")
    say(f"Use it: hybridml predict {output} new_photos")


def _one_or_many(names: list[str] | None) -> str | list[str] | None:
    return names[0] if names and len(names) == 1 else names
