"""An epoch is one line, without what was not measured."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from hybridml.finetune.watching.epoch_printer import EpochPrinter


def test_line_says_what_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"epoch": 2, "train_loss": 0.5, "valid_loss": 0.25, "valid_accuracy": 0.9}
    estimator = SimpleNamespace(backbone="resnet18", n_epochs_=5)
    EpochPrinter().on_epoch_end(estimator, {**row, "seconds": 1.26})
    expected = (
        "resnet18, epoch 2/5: train_loss 0.5000, valid_loss 0.2500, "
        "valid_accuracy 0.9000, 1.3 s\n"
    )
    assert capsys.readouterr().err == expected


def test_what_was_not_measured_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = dict.fromkeys(("train_loss", "valid_loss", "valid_accuracy"), math.nan)
    estimator = SimpleNamespace(backbone="tiny", n_epochs_=0)
    EpochPrinter().on_epoch_end(estimator, {"epoch": 0, **nothing, "seconds": 0.0})
    assert capsys.readouterr().err == "tiny, epoch 0/0: 0.0 s\n"


def test_any_score_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"epoch": 1, "train_loss": 0.5, "valid_loss": 0.25, "valid_r2": -0.5}
    estimator = SimpleNamespace(backbone=object(), n_epochs_=5)
    row |= {"learning_rate": 0.001, "seconds": 2.0}
    EpochPrinter().on_epoch_end(estimator, row)
    expected = (
        "object, epoch 1/5: train_loss 0.5000, valid_loss 0.2500, valid_r2 -0.5000, "
        "2.0 s\n"
    )
    assert capsys.readouterr().err == expected
