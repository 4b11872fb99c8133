"""People see one line that moves, logs one line an epoch, and nothing stays open."""

from __future__ import annotations

import io
import math
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console
from sklearn.base import clone

from hybridml.finetune import FineTuneClassifier, ProgressBar

START = {"epoch": 0, "train_loss": math.nan, "valid_loss": 0.7, "valid_accuracy": 0.5}
FIRST = {"epoch": 1, "train_loss": 0.6, "valid_loss": 0.5, "valid_accuracy": 0.8}


def _terminal(width: int = 120) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, color_system=None
    )


def _shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _estimator() -> Any:
    history = pd.DataFrame([START, FIRST])
    return SimpleNamespace(
        backbone="tiny", n_epochs_=20, best_epoch_=1, history_=history
    )


def _run_one_epoch(bar: ProgressBar, estimator: Any) -> None:
    bar.on_fit_begin(estimator)
    bar.on_epoch_end(estimator, {**START, "seconds": 0.0})
    bar.on_step_end(estimator, 1, 2)
    bar.on_step_end(estimator, 2, 2)
    bar.on_epoch_end(estimator, {**FIRST, "seconds": 1.0})


@pytest.mark.parametrize("width", [40, 80, 120])
def test_bar_is_one_line_on_any_terminal(width: int) -> None:
    console = _terminal(width)
    bar, estimator = ProgressBar(console), _estimator()
    _run_one_epoch(bar, estimator)
    bar.on_fit_failed(estimator, RuntimeError())
    assert _shown(console).count("\n") == 1


def test_bar_shows_epoch_losses_and_score() -> None:
    console = _terminal()
    bar, estimator = ProgressBar(console), _estimator()
    _run_one_epoch(bar, estimator)
    assert "epoch 1/20 train 0.600, valid 0.500, accuracy 0.800" in _shown(console)
    bar.on_step_end(estimator, 1, 2)
    bar.on_fit_end(estimator)
    shown = _shown(console)
    assert "epoch 2/20 (1/2) train 0.600" in shown
    assert "tiny: kept epoch 1 of 1: train 0.600, valid 0.500, accuracy 0.800" in shown


@pytest.mark.parametrize("does_fail", [True, False])
def test_cursor_is_given_back(does_fail: bool) -> None:
    console = _terminal()
    bar, estimator = ProgressBar(console), _estimator()
    _run_one_epoch(bar, estimator)
    if does_fail:
        bar.on_fit_failed(estimator, KeyboardInterrupt())
    else:
        bar.on_fit_end(estimator)
    hidden, given_back = "\x1b[?25l", "\x1b[?25h"
    assert _shown(console).rindex(given_back) > _shown(console).rindex(hidden)


def test_one_bar_serves_one_fit_after_the_other() -> None:
    console = _terminal()
    bar, estimator = ProgressBar(console), _estimator()
    _run_one_epoch(bar, estimator)  # and stopped without a word
    _run_one_epoch(bar, estimator)
    bar.on_fit_end(estimator)
    assert _shown(console).count("kept epoch") == 1


def test_log_gets_a_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    bar, estimator = ProgressBar(), _estimator()
    _run_one_epoch(bar, estimator)
    bar.on_fit_end(estimator)
    start, first = capsys.readouterr().err.splitlines()
    assert start == "tiny, epoch 0/20: valid_loss 0.7000, valid_accuracy 0.5000, 0.0 s"
    assert first.startswith("tiny, epoch 1/20: train_loss 0.6000, valid_loss 0.5000")


def test_bar_goes_along_with_a_fit(photos: Any) -> None:
    console = _terminal()
    model = FineTuneClassifier(
        "tiny", epochs=2, store=None, callbacks=[ProgressBar(console)]
    )
    model.fit(*photos)
    assert f"kept epoch {model.best_epoch_} of 2" in _shown(console)


def test_estimator_with_a_bar_can_be_cloned(photos: Any) -> None:
    console = _terminal()
    model = FineTuneClassifier(
        "tiny", epochs=1, store=None, callbacks=[ProgressBar(console)]
    )
    clone(model).fit(*photos)
    assert "kept epoch" in _shown(console)
