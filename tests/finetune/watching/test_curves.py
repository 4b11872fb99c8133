"""A curve's trend falls, turns once at most and rises; the rest is noise."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridml.finetune.watching.curves import Curve, RunCurves


def _curve(values: list[float], *, may_turn: bool = True) -> Curve:
    history = pd.DataFrame({"epoch": range(len(values)), "loss": values})
    return Curve.of(history, "loss", may_turn=may_turn)


@pytest.mark.parametrize("values", [[1.0], [3, 2, 1], [1, 2, 3], [3, 1, 2], [2, 2, 2]])
def test_a_curve_of_the_expected_shape_has_no_noise(values: list[float]) -> None:
    curve = _curve(values)
    assert curve.noise == 0
    assert curve.smooth.tolist() == values


def test_training_is_not_expected_to_turn() -> None:
    assert _curve([3, 1, 2], may_turn=False).noise == pytest.approx(math.sqrt(1 / 6))


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=30))
def test_trend_turns_at_most_once(values: list[float]) -> None:
    steps = np.sign(np.diff(_curve(values).smooth).round(9))
    assert (np.diff(steps[steps != 0]) >= 0).all()


def test_what_was_not_measured_is_left_out() -> None:
    curve = _curve([math.nan, 3, math.inf, 1])
    assert curve.epochs.tolist() == [1, 3]
    assert curve.at(2) == 2
    assert len(_curve([math.nan])) == 0


def test_rise_does_not_count_a_last_swing_alone() -> None:
    values = [4.0, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9]
    assert _curve(values).rise == pytest.approx((1 + 1 + 9) / 3 - 1)


def test_run_knows_its_score_and_its_highest_learning_rate() -> None:
    history = pd.DataFrame(
        {
            "epoch": [0, 1, 2],
            "train_loss": [math.nan, 2, 1],
            "valid_loss": [3, 1, 2],
            "valid_r2": [0, 0.75, 0.5],
            "learning_rate": [math.nan, 0.1, 0.01],
        }
    )
    run = RunCurves.of(history)
    assert (run.n_epochs, run.is_finite, run.peak_rate) == (2, True, 0.1)
    (line,) = run.score_in_words()
    assert line == "r2 0 at the start, 0.75 at the least held-out loss, 0.5 at the end"
    bare = RunCurves.of(history[["epoch", "train_loss", "valid_loss"]])
    assert (bare.score_in_words(), bare.peak_rate) == ((), None)
