"""Training in two processes: the same whoever is killed, and told of as ever."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from torch import nn

from hybridml import (
    FineTuneClassifier,
    FineTuneRegressor,
    RecordingTracker,
    load_image_folder,
)
from hybridml._optional import is_installed
from hybridml.exceptions import (
    DataError,
    DivergedError,
    HybridMLError,
    ImageDecodeError,
    InvalidParameterError,
    TrainingWarning,
    WeightsError,
)
from hybridml.finetune import Callback, LogToTracker
from hybridml.testing import make_photos, register_tiny_backbone
from tests.distributed.test_ray_start import listening

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not is_installed("ray"), reason="Ray is not installed"),
]

EPOCHS, N_PHOTOS = 12, 200
NO_OUTSIDE = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


class Hears(Callback):
    """Notes what it is told, and does something once, in the middle of an epoch."""

    def __init__(self, epoch: int = -1, act: Callable[[], Any] | None = None) -> None:
        self.epoch, self.act = epoch, act
        self.epochs: list[float] = []
        self.n_steps = 0
        self.n_steps_when_it_acted: int | None = None

    def on_epoch_end(self, estimator: Any, metrics: Any) -> None:
        self.epochs.append(metrics["epoch"])

    def on_step_end(self, estimator: Any, done: int, total: int) -> None:
        self.n_steps += 1
        is_time = len(self.epochs) > self.epoch and 1 < done < total
        if self.act and self.n_steps_when_it_acted is None and is_time:
            self.n_steps_when_it_acted = self.n_steps
            self.act()


@pytest.fixture(scope="module", autouse=True)
def ray() -> Iterator[Any]:
    """Ray on this machine, started once; all fits use this connection."""
    from hybridml.distributed.ray_start import connected

    with connected("local", n_cpus=2, n_gpus=0) as started:
        yield started


@pytest.fixture(scope="module")
def undisturbed() -> FineTuneClassifier:
    return _fit(Hears())


def _fit(hears: Hears, **changed: Any) -> FineTuneClassifier:
    X, y = make_photos(N_PHOTOS)
    given = {
        "epochs": EPOCHS,
        "patience": None,
        "batch_size": 16,
        "augmentation": "strong",
        "mixup": 0.2,
        "dropout": 0.2,
        "ema_decay": 0.9,
        "validation_fraction": 0.25,
        "store": None,
        "device": "cpu",
        "n_workers": 2,
        "callbacks": [hears],
    }
    return FineTuneClassifier(register_tiny_backbone(), **(given | changed)).fit(X, y)


def _assert_same(found: FineTuneClassifier, expected: FineTuneClassifier) -> None:
    tensors, others = found.tuned_.tensors(), expected.tuned_.tensors()
    assert all(torch.equal(tensors[name], others[name]) for name in others)
    histories = [m.history_.drop(columns="seconds") for m in (found, expected)]
    assert histories[0].equals(histories[1])
    assert found.best_epoch_ == expected.best_epoch_


def _family() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _workers() -> list[psutil.Process]:
    return [p for p in _family() if "RayTrainWorker" in " ".join(p.cmdline())]


def test_worker_that_is_killed_in_an_epoch_changes_nothing(
    undisturbed: FineTuneClassifier,
) -> None:
    def kill_one() -> None:
        first, second = _workers()
        assert listening([first, second]) <= NO_OUTSIDE
        os.kill(second.pid, signal.SIGKILL)

    hears, tracker = Hears(2, kill_one), RecordingTracker()
    model = _fit(hears, callbacks=[hears, LogToTracker(tracker)])
    assert hears.n_steps_when_it_acted is not None
    assert hears.n_steps > hears.n_steps_when_it_acted
    assert hears.epochs == list(range(EPOCHS + 1))
    _assert_same(model, undisturbed)
    (run,) = tracker.runs
    assert [step for name, _, step in run.metrics if name == "train_loss"] == list(
        range(1, EPOCHS + 1)
    )
    X, y = make_photos(40, seed=1)
    assert model.score(X, y) >= 0.9


def test_fit_that_is_killed_goes_on_from_its_checkpoint(
    undisturbed: FineTuneClassifier, tmp_path: Path
) -> None:
    class KilledError(Exception):
        pass

    def be_killed() -> None:
        raise KilledError

    with pytest.raises(KilledError):
        _fit(Hears(2, be_killed), checkpoint=tmp_path)
    hears = Hears()
    model = _fit(hears, checkpoint=tmp_path)
    n_in_all = EPOCHS * -(-150 // 16)
    assert hears.n_steps <= n_in_all - 2 * -(-150 // 16)  # what was done stays done
    assert hears.epochs == list(range(EPOCHS + 1))
    _assert_same(model, undisturbed)


def test_training_that_is_lost_as_a_whole_says_how_to_go_on() -> None:
    def kill_keeper() -> None:
        (keeper,) = (p for p in _family() if "ray::Keeper" in " ".join(p.cmdline()))
        keeper.kill()

    with pytest.raises(HybridMLError, match=r"are lost: [\s\S]*folder as `checkpoint`"):
        _fit(Hears(1, kill_keeper))


def test_interrupt_keeps_the_best_state_so_far_from_scratch() -> None:
    hears = Hears(1, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.warns(TrainingWarning, match=f"of {EPOCHS}; the state after") as caught:
        model = _fit(hears, weights=None)
    assert caught[0].filename == __file__
    assert model.interrupted_
    assert len(hears.epochs) <= EPOCHS
    assert len(model.history_) == len(hears.epochs)
    assert model.predict(make_photos(2)[0]).shape == (2,)


def test_images_that_cannot_be_decoded_are_all_named(tmp_path: Path) -> None:
    X, y = make_photos(40)
    images: list[Any] = list(X)
    for i in range(0, 40, 10):  # in both processes
        images[i] = str(tmp_path / f"{i}.jpg")
        Path(images[i]).write_bytes(b"no image")
    model = FineTuneClassifier(register_tiny_backbone(), n_workers=2, store=None)
    with pytest.raises(ImageDecodeError, match=r"20.jpg' \(image 21 of 40\)") as caught:
        model.fit(images, y)
    assert sorted(caught.value.failures) == [0, 10, 20, 30]


def test_network_of_ones_own_diverges_and_is_left_in_its_best_state() -> None:
    X, _ = make_photos(40)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3)
    )
    y = X.mean(axis=(1, 2, 3))
    model = FineTuneRegressor(
        network, image_size=32, n_workers=2, store=None, learning_rate=1e30
    )
    with pytest.raises(DivergedError, match="in epoch 1") as caught:
        model.fit(X, y)
    assert caught.value.best_epoch == 0
    assert model.score(X, y) > 0.5  # the probe


def test_weights_that_are_not_there_are_told_of_at_once(tmp_path: Path) -> None:
    X, y = make_photos(8)
    weights = str(tmp_path / "none.pt")
    model = FineTuneClassifier(register_tiny_backbone(), weights=weights, n_workers=2)
    with pytest.raises(WeightsError, match=r"none\.pt"):
        model.fit(X, y)


def test_too_few_images_for_so_many_processes() -> None:
    X, y = make_photos(6)
    model = FineTuneClassifier(register_tiny_backbone(), n_workers=4)
    with pytest.raises(DataError, match=r"Got 6 images .* each of n_workers=4"):
        model.fit(X, y)


def test_gpus_are_asked_for_where_there_are_none() -> None:
    X, y = make_photos(8)
    model = FineTuneClassifier(register_tiny_backbone(), n_workers=2, device="cuda")
    with pytest.raises(InvalidParameterError, match="Ray knows of no GPU"):
        model.fit(X, y)


def test_device_that_one_process_alone_can_train_on() -> None:
    X, y = make_photos(8)
    model = FineTuneClassifier(register_tiny_backbone(), n_workers=2, device="mps")
    with pytest.raises(InvalidParameterError, match="where n_workers is above 1"):
        model.fit(X, y)


def test_two_processes_learn_cats_and_dogs_as_well_as_one(
    shared_data: Path, shared_weights: Path
) -> None:
    X, y = load_image_folder(shared_data / "cats_vs_dogs" / "train")
    photos, labels = load_image_folder(shared_data / "cats_vs_dogs" / "val")

    def score(n_workers: int, hears: Hears) -> float:
        model = FineTuneClassifier(
            "mobilenet_v2",
            weights=str(shared_weights / "mobilenet_v2-b0353104.pth"),
            trainable="last2",
            device="cpu",
            n_workers=n_workers,
            callbacks=[hears],
        )
        return float(model.fit(X, y).score(photos, labels))

    hears = Hears(0, lambda: os.kill(_workers()[0].pid, signal.SIGKILL))
    alone, together = score(1, Hears()), score(2, hears)
    assert hears.n_steps_when_it_acted is not None
    assert together >= alone - 0.01
    assert alone >= 0.97
