"""A fit that is interrupted, short of weights or of room ends well, and says so."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import save_file

from hybridml import FineTuneClassifier, FineTuneRegressor
from hybridml.backbones.loading import load_network
from hybridml.exceptions import (
    CacheWarning,
    HybridMLWarning,
    StoreWarning,
    TrainingWarning,
    WeightsError,
)
from hybridml.finetune import Callback
from hybridml.testing import make_photos

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


def _classifier(**changed: Any) -> FineTuneClassifier:
    quick = {"epochs": 5, "store": None, "precision": "fp32", "batch_size": 4}
    return FineTuneClassifier(**{"backbone": "tiny", **quick, **changed})


class Interrupting(Callback):
    """Presses ctrl-C at the end of an epoch, or in its second step."""

    def __init__(self, epoch: int, *, in_a_step: bool = False) -> None:
        self.epoch = epoch
        self.in_a_step = in_a_step
        self.n_epochs = 0
        self.failed_with: list[type[BaseException]] = []
        self.ended = False

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        self.n_epochs += 1
        if metrics["epoch"] == self.epoch and not self.in_a_step:
            raise KeyboardInterrupt

    def on_step_end(self, estimator: Any, done: int, total: int) -> None:
        if (self.n_epochs, done) == (self.epoch, 2) and self.in_a_step:
            raise KeyboardInterrupt

    def on_fit_end(self, estimator: Any) -> None:
        self.ended = True

    def on_fit_failed(self, estimator: Any, error: BaseException) -> None:
        self.failed_with.append(type(error))


@pytest.mark.parametrize("in_a_step", [False, True])
@pytest.mark.parametrize("trainable", ["all", "last2"])
def test_an_interrupted_fit_keeps_its_best_state(
    photos: Photos, in_a_step: bool, trainable: str
) -> None:
    X, y = photos
    given = {"augmentation": "none", "learning_rate": 0.003, "trainable": trainable}
    callback = Interrupting(2, in_a_step=in_a_step)
    model = _classifier(**given, callbacks=[callback])
    message = r"interrupted in epoch 2 of 5; the state after epoch \d, the best one so"
    with pytest.warns(TrainingWarning, match=message) as caught:
        model.fit(X, y)
    assert caught[0].filename == __file__
    assert model.interrupted_
    assert model.history_["epoch"].iloc[-1] == (1 if in_a_step else 2)
    assert model.best_epoch_ == model.history_["valid_loss"].idxmin()
    assert (callback.ended, callback.failed_with) == (True, [])
    whole = _classifier(**given).fit(X, y)
    assert not whole.interrupted_
    before = whole.history_.loc[: model.history_.index[-1], "valid_loss"]
    np.testing.assert_array_equal(before, model.history_["valid_loss"])
    assert model.predict_proba(X).shape == (16, 2)


def test_an_interrupted_fit_without_held_out_images_keeps_the_last_epoch(
    photos: Photos,
) -> None:
    given = {"validation_fraction": 0, "callbacks": [Interrupting(2)]}
    with pytest.warns(TrainingWarning, match="the state after epoch 2"):
        model = _classifier(**given).fit(*photos)
    assert model.best_epoch_ == 2


def test_a_fit_interrupted_before_the_first_epoch_is_interrupted(
    photos: Photos,
) -> None:
    callback = Interrupting(0)
    model = _classifier(callbacks=[callback])
    with pytest.raises(KeyboardInterrupt):
        model.fit(*photos)
    assert callback.failed_with == [KeyboardInterrupt]
    assert not hasattr(model, "tuned_")


def test_an_interrupted_fit_goes_on_from_its_checkpoint(
    photos: Photos, tmp_path: Path
) -> None:
    X, y = photos
    given = {"checkpoint": tmp_path, "ema_decay": 0.9, "validation_fraction": 0}
    with pytest.warns(TrainingWarning, match="interrupted in epoch 3"):
        _classifier(**given, callbacks=[Interrupting(3)]).fit(X, y)
    resumed = Interrupting(99)
    model = _classifier(**given, callbacks=[resumed]).fit(X, y)
    whole = _classifier(**{**given, "checkpoint": None}).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), whole.predict_proba(X))
    assert resumed.n_epochs == 6  # those before are told of again
    assert not model.interrupted_


def test_another_run_in_the_same_folder_begins_anew(
    photos: Photos, tmp_path: Path
) -> None:
    X, y = photos
    _classifier(checkpoint=tmp_path, epochs=1).fit(X, y)
    for other in ({"learning_rate": 0.01}, {"random_state": 1}, {"dropout": 0.5}):
        kept = _classifier(checkpoint=tmp_path, epochs=1, **other).fit(X, y)
        alone = _classifier(epochs=1, **other).fit(X, y)
        np.testing.assert_array_equal(kept.predict_proba(X), alone.predict_proba(X))
    assert len(list(tmp_path.iterdir())) == 4


def test_a_disk_without_room_is_told_and_changes_nothing(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = photos
    given = {"trainable": "last2", "n_views": 2, "epochs": 4}
    expected = _classifier(**given).fit(X, y).predict_proba(X)
    usage = shutil._ntuple_diskusage(2**40, 2**40, 100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.warns(CacheWarning, match="cannot be kept .* are free") as caught:
        model = _classifier(**given).fit(X, y)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_a_store_that_cannot_be_used_changes_nothing(
    photos: Photos, tmp_path: Path
) -> None:
    X, y = photos
    expected = _classifier(trainable="last2").fit(X, y).predict_proba(X)
    (tmp_path / "file").write_text("not a folder")
    with pytest.warns(HybridMLWarning) as caught:
        model = _classifier(trainable="last2", store=tmp_path / "file").fit(X, y)
    assert {item.category for item in caught} == {StoreWarning, CacheWarning}
    np.testing.assert_array_equal(model.predict_proba(X), expected)


@pytest.mark.skipif(
    not hasattr(os, "posix_fallocate"), reason="disks are not reserved here"
)
def test_a_disk_that_another_process_fills_changes_nothing(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = photos
    expected = _classifier(trainable="last2").fit(X, y).predict_proba(X)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", fail)
    with pytest.warns(CacheWarning, match=r"cannot be kept .* No space left on dev"):
        model = _classifier(trainable="last2").fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_a_damaged_checkpoint_is_told_of(photos: Photos, tmp_path: Path) -> None:
    X, y = photos
    expected = _classifier(checkpoint=tmp_path).fit(X, y).predict_proba(X)
    next(tmp_path.iterdir()).write_bytes(b"")
    with pytest.warns(TrainingWarning, match="training begins anew") as caught:
        model = _classifier(checkpoint=tmp_path).fit(X, y)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(model.predict_proba(X), expected)


@pytest.fixture
def partial_weights(tmp_path: Path) -> str:
    """Weights of the tiny backbone that end after its first stage."""
    whole = load_network("tiny", device="cpu").trainable_copy().state_dict()
    stem = {name: v for name, v in whole.items() if name.startswith("stem")}
    save_file(stem, tmp_path / "stem.safetensors")
    return str(tmp_path / "stem.safetensors")


@pytest.mark.parametrize("trainable", ["head", "last2", "all"])
@pytest.mark.parametrize(("pooling", "width"), [("mean", 8), ("flatten", 8 * 256)])
def test_weights_that_end_early_are_tuned_up_to_there(
    photos: Photos, partial_weights: str, trainable: str, pooling: str, width: int
) -> None:
    X, y = photos
    model = _classifier(
        weights=partial_weights, trainable=trainable, pooling=pooling, epochs=1
    ).fit(X, y)
    assert model.tuned_.head.weight.shape == (2, width)
    names = model.tuned_.trunk_state()
    assert {name.split(".")[0] for name in names} == {"stem"}
    assert model.score(X, y) == 1


def test_weights_that_cover_nothing_are_refused(photos: Photos, tmp_path: Path) -> None:
    file = tmp_path / "none.safetensors"
    save_file({"stem.0.bias": torch.zeros(8)}, file)
    with pytest.raises(WeightsError, match=r"cover no stage|not in them|do not fit"):
        _classifier(weights=str(file)).fit(*photos)


@pytest.mark.parametrize(
    "trainable",
    [
        "all",
        pytest.param("last2", marks=pytest.mark.slow),
        pytest.param("head", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    "given",
    [
        {"l2_sp": 0.1, "l1_head": 0.01},
        {"ema_decay": 0.9, "gradual_unfreezing": True},
        {"mixup": 0.3, "label_smoothing": 0.1},
        {"optimizer": "sgd", "layer_decay": 0.5, "max_gradient_norm": None},
        {"weights": None, "ema_decay": 0.5, "dropout": 0.3},
    ],
)
def test_every_piece_works_in_every_scope(
    photos: Photos, trainable: str, given: dict[str, Any]
) -> None:
    X, y = photos
    fixed = {"trainable": trainable, "epochs": 2, "validation_fraction": 0}
    model = _classifier(**fixed, **given).fit(X, y)
    again = _classifier(**fixed, **given).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize("augmentation", ["none", "light", "standard", "strong"])
def test_a_regressor_takes_the_same_parameters(augmentation: str) -> None:
    X, _ = make_photos(12)
    model = FineTuneRegressor(
        "tiny", augmentation=augmentation, epochs=1, mixup=0.2, ema_decay=0.9
    )
    assert np.isfinite(model.fit(X, np.arange(12.0)).predict(X)).all()
