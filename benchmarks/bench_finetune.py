"""Seconds of a fine-tuning epoch: hybridml, a careful loop by hand, and skorch.

Random weights, the same for all, in a file (speed does not depend on the weights, so
nothing is downloaded), 224 pixels, batches of 32, nothing held out. The first epoch of
each fit is left out, and with it whatever a fit does before it. All contenders let the
same parameters learn, with AdamW, and keep the statistics of the batch norms.
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from fine_tuning_by_hand import (
    AUGMENTATIONS,
    LabelledJpegFiles,
    Tunable,
    network_to_tune,
    train_by_hand,
    train_with_skorch,
)
from interleaved import (
    Seconds,
    count_cores,
    gather,
    is_installed,
    print_machine,
    print_table,
    ratio,
)
from photo_files import photo_files
from torch import Tensor

from hybridml import FineTuneClassifier
from hybridml.backbones.loading import load_network

BATCH = 32
SETTINGS = ("resnet18:layer3", "mobilenet_v2:last2", "mobilenet_v2:all")

Train = Callable[..., list[float]]


@dataclass(frozen=True)
class Task:
    """Photos, the network that learns from them, and how."""

    paths: list[str]
    labels: list[str]
    backbone: str
    trainable: str
    weights: Path
    args: Namespace

    @property
    def state(self) -> dict[str, Tensor]:
        """The weights that all start from."""
        state: dict[str, Tensor] = torch.load(self.weights, weights_only=True)
        return state


def by_hybridml(precision: str, task: Task) -> list[float]:
    """Fine-tune with hybridml; return the seconds of all epochs but the first."""
    model = _fitted(task, precision, task.args.epochs)
    counted = model.history_["epoch"] >= 2
    return [float(s) for s in model.history_.loc[counted, "seconds"]]


def by_others(train: Train, task: Task) -> list[float]:
    """Fine-tune with a loop or skorch; return the seconds but of the first epoch."""
    _, seconds = _trained(train, task, task.args.epochs)
    return seconds[1:]


def main() -> None:
    """Measure, and print the table and the ratios of each setting."""
    args = _parse()
    torch.set_num_threads(args.threads)
    print_machine()
    ours = {f"hybridml, {p}": partial(by_hybridml, p) for p in args.precisions}
    trains: dict[str, Train] = {"by hand, fp32": train_by_hand}
    if is_installed("skorch"):
        trains["skorch, fp32"] = train_with_skorch
    others = {name: partial(by_others, train) for name, train in trains.items()}
    with tempfile.TemporaryDirectory() as scratch:
        photos = photo_files(args.folder, args.photos, Path(scratch))
        tasks = {s: _task(s, *photos, args, Path(scratch)) for s in args.settings}
        for setting, task in tasks.items():
            _check_and_warm_up(setting, task, trains)
        calls = {
            _of(setting, name): partial(call, task)
            for setting, task in tasks.items()
            for name, call in {**ours, **others}.items()
        }
        seconds = gather(calls, args.rounds)
    print_table(seconds, dict.fromkeys(seconds, len(photos[0])))
    _print_ratios(seconds, list(tasks), list(ours), list(others))


def _task(
    setting: str, paths: list[str], labels: list[str], args: Namespace, scratch: Path
) -> Task:
    """Draw the weights of a setting's network, and save them."""
    backbone, _, trainable = setting.partition(":")
    drawn = load_network(backbone, weights=None, device="cpu", precision="fp32")
    weights = scratch / f"{backbone}.pth"
    torch.save(drawn.trainable_copy().state_dict(), weights)
    return Task(paths, labels, backbone, trainable or "all", weights, args)


def _fitted(task: Task, precision: str, epochs: int) -> FineTuneClassifier:
    model = FineTuneClassifier(
        task.backbone,
        trainable=task.trainable,
        weights=task.weights,
        epochs=epochs,
        batch_size=BATCH,
        augmentation=task.args.augmentation,
        validation_fraction=0,
        device="cpu",
        precision=precision,
        store=None,
    )
    return model.fit(task.paths, task.labels)


def _trained(train: Train, task: Task, epochs: int) -> tuple[Tunable, list[float]]:
    classes, targets = np.unique(task.labels, return_inverse=True)
    network = network_to_tune(task.backbone, task.state, task.trainable, len(classes))
    photos = LabelledJpegFiles(task.paths, targets.tolist(), task.args.augmentation)
    loading = {"batch_size": BATCH, "num_workers": task.args.workers}
    return network, train(network, photos, epochs=epochs, **loading)


def _check_and_warm_up(setting: str, task: Task, trains: dict[str, Train]) -> None:
    """Load everything, and see that all let the same weights learn."""
    few = replace(task, paths=task.paths[:BATCH], labels=task.labels[:BATCH])
    trunk = _fitted(few, "auto", 1).tuned_.trunk_state()
    expected = _changed(task.state, trunk)
    for name, train in trains.items():
        network, _ = _trained(train, few, 1)
        state = network.network.state_dict()
        found = _changed(task.state, {part: state[part] for part in trunk})
        if found != expected:
            other = ", ".join(sorted(found ^ expected)[:3])
            raise SystemExit(f"{setting}: other weights learn {name}, such as {other}.")
    print(
        f"{setting}: matrices that learn beside the head: {len(expected)}", flush=True
    )


def _changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    weights = {name for name, value in after.items() if value.ndim > 1}
    return {name for name in weights if not torch.equal(before[name], after[name])}


def _print_ratios(
    seconds: Seconds, settings: list[str], ours: list[str], others: list[str]
) -> None:
    for setting in settings:
        for own in ours:
            found = [
                f"{name} {ratio(seconds, _of(setting, name), _of(setting, own)):.2f}"
                for name in others
            ]
            print(f"ratio: {setting}, times as long as {own}: {'; '.join(found)}")


def _of(setting: str, name: str) -> str:
    return f"{setting}: {name}"


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    settings = "BACKBONE:TRAINABLE as in FineTuneClassifier; a layer is the last frozen"
    add("--folder", type=Path, help="photos, one folder per class; None generates them")
    add("--photos", type=int, default=256, help="how many photos")
    add("--settings", nargs="+", default=SETTINGS, help=settings)
    add("--augmentation", choices=AUGMENTATIONS, default="none", help="of the photos")
    add("--precisions", nargs="+", default=["auto"], help="of hybridml: auto, fp32")
    add("--epochs", type=int, default=3, help="of a fit; all but the first are timed")
    add("--workers", type=int, default=2, help="of the others' DataLoader")
    add("--threads", type=int, default=count_cores(), help="of the training")
    add("--rounds", type=int, default=2, help="how often each is fitted")
    return parser.parse_args()


if __name__ == "__main__":
    main()
