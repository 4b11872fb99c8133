"""The picture shows every curve there is, whole epochs, and which one was kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from hybridml.report import plot_history


def _history(n_epochs: int, **columns: Any) -> pd.DataFrame:
    epochs = np.arange(n_epochs + 1)
    train = np.where(epochs > 0, 0.9**epochs, math.nan)
    valid = 0.1 + np.abs(epochs - n_epochs // 2) / (n_epochs + 1)
    losses = {"epoch": epochs, "train_loss": train, "valid_loss": valid}
    return pd.DataFrame({**losses, "valid_accuracy": 1 - valid, **columns})


def _texts(figure: Figure) -> list[str]:
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def _ticks(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_xticklabels()]


@pytest.mark.parametrize("n_epochs", [0, 1, 2, 7, 30, 200])
def test_ticks_are_whole_epochs_from_the_start_to_the_last(n_epochs: int) -> None:
    figure = plot_history(_history(n_epochs), start="probe")
    figure.draw_without_rendering()
    for axes in figure.axes:
        first, *others = _ticks(axes)
        assert first == "probe"
        assert int(others[-1]) == max(1, n_epochs)
        assert len(others) < 10
        assert all(name.isdigit() for name in others)


def test_kept_epoch_is_that_of_the_least_held_out_loss() -> None:
    texts = _texts(plot_history(_history(10)))
    assert texts.count("epoch (kept: 5)") == 2
    assert {"0.100", "0.900"} <= set(texts)
    assert "epoch (kept: 3)" in _texts(plot_history(_history(10), best_epoch=3))


def test_start_is_named_where_it_is_kept() -> None:
    history = _history(4, valid_loss=[0.1, 0.2, 0.3, 0.4, 0.5])
    assert "epoch (kept: probe)" in _texts(plot_history(history, start="probe"))


def test_only_the_training_loss_is_drawn_where_nothing_was_held_out() -> None:
    history = _history(4, valid_loss=math.nan, valid_accuracy=math.nan)
    figure = plot_history(history)
    assert len(figure.axes) == 1
    assert "epoch (kept: 4)" in _texts(figure)
    assert "held out" not in _texts(figure)


def test_every_score_has_its_panel() -> None:
    history = _history(3, valid_r2=[-0.5, 0.1, 0.2, 0.3], learning_rate=0.1)
    titles = [axes.get_title(loc="left") for axes in plot_history(history).axes]
    assert titles == ["Loss", "Accuracy (held out)", "R2 (held out)"]


def test_spike_is_told_and_not_drawn() -> None:
    history = _history(20)
    history.loc[1, "train_loss"] = 1416.0
    figure = plot_history(history)
    assert "higher losses, up to 1.42e+03, are not shown" in _texts(figure)
    assert figure.axes[0].get_ylim()[1] < 5


def test_infinite_loss_is_left_out() -> None:
    history = _history(20)
    history.loc[20, "train_loss"] = math.inf
    assert plot_history(history).axes[0].get_ylim()[1] < 5


def test_title_stays_within_the_picture() -> None:
    title = "over-fitting: held-out loss rose from 0.1 (epoch 3) to 0.5 (epoch 9), " * 2
    figure = plot_history(_history(10), title=title)
    figure.draw_without_rendering()
    (shown,) = figure.texts
    assert shown.get_window_extent().x1 <= figure.bbox.x1


def test_curve_and_marks_fit_the_picture(tmp_path: Any) -> None:
    figure = plot_history(_history(10), title="good fit")
    figure.savefig(tmp_path / "history.png")
    assert (tmp_path / "history.png").stat().st_size > 10_000


def test_the_kept_loss_is_written_clear_of_a_curve_that_falls() -> None:
    history = pd.DataFrame(
        {
            "epoch": range(3),
            "train_loss": [math.nan, 0.2, 0.1],
            "valid_loss": [0.16, 0.14, 0.13],
        }
    )
    (axes,) = plot_history(history, best_epoch=0).axes
    (label,) = (text for text in axes.texts if text.get_text() == "0.160")
    assert label.xyann[1] > 0
