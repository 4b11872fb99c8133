"""The picture shows every pair of numbers on two like axes."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.report.prediction_plot import plot_predictions


@pytest.mark.parametrize("n_images", [0, 1, 10, 3000])
def test_every_pair_is_drawn(n_images: int) -> None:
    truth = np.linspace(-5, 5, n_images)
    figure = plot_predictions(truth, truth + 1)
    axes = figure.axes[0]
    line, points = axes.lines
    assert len(points.get_xdata()) == n_images
    assert points.get_rasterized() == (n_images > 1500)
    assert list(line.get_xdata()) == list(axes.get_xlim()) == list(axes.get_ylim())


def test_numbers_that_are_none_are_left_out() -> None:
    truth = np.array([1.0, np.nan, 3.0])
    axes = plot_predictions(truth, np.array([1.0, 2.0, np.inf])).axes[0]
    assert axes.lines[1].get_xdata().tolist() == [1.0]


def test_equal_numbers_have_room() -> None:
    axes = plot_predictions(np.full(3, 7.0), np.full(3, 7.0)).axes[0]
    assert axes.get_xlim() == (6.0, 8.0)
