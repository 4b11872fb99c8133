"""The picture shows the fall of the loss, not only its explosion."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.report.rate_plot import plot_rates

RATES = np.geomspace(1e-6, 1.0, 50)
LOSSES = 1 - 0.5 * np.exp(-((np.log10(RATES) + 2) ** 2)) + (RATES > 0.3) * 1e6


def test_both_losses_and_the_suggestion_are_drawn() -> None:
    (axes,) = plot_rates(RATES, LOSSES + 0.1, LOSSES, 3e-3).axes
    raw, smoothed, suggestion = axes.get_lines()
    np.testing.assert_array_equal(raw.get_ydata(), LOSSES + 0.1)
    np.testing.assert_array_equal(smoothed.get_ydata(), LOSSES)
    assert list(suggestion.get_xdata()) == [3e-3, 3e-3]
    assert "3.0e-03" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_an_explosion_does_not_flatten_the_fall() -> None:
    (axes,) = plot_rates(RATES, LOSSES, LOSSES, 3e-3).axes
    low, high = axes.get_ylim()
    assert low < LOSSES.min()
    assert LOSSES[0] < high < 3


@pytest.mark.parametrize("loss", [0.0, 2.0])
def test_a_flat_loss_is_drawn_too(loss: float) -> None:
    flat = np.full(50, loss)
    figure = plot_rates(RATES, flat, flat, 1e-3)
    figure.draw_without_rendering()
    low, high = figure.axes[0].get_ylim()
    assert low < loss < high
