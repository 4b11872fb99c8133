"""The picture shows how often predictions of like confidence are right."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.report.confidence_plot import plot_confidence


@pytest.mark.parametrize(("n_images", "n_dots"), [(1, 1), (19, 1), (35, 3), (999, 10)])
def test_dots_stand_for_ten_images_or_more(n_images: int, n_dots: int) -> None:
    confidence = np.linspace(0.5, 1, n_images)
    axes = plot_confidence(confidence, np.ones(n_images, dtype=bool)).axes[0]
    assert len(axes.lines[1].get_xdata()) == n_dots


def test_dots_are_means_from_the_least_sure_to_the_surest() -> None:
    confidence = np.tile([0.95, 0.55], 10)
    is_right = np.tile([True, False], 10)
    dots = plot_confidence(confidence, is_right).axes[0].lines[1]
    assert dots.get_xdata() == pytest.approx([0.55, 0.95])
    assert dots.get_ydata().tolist() == [0, 1]


def test_axes_are_alike_and_hold_every_dot() -> None:
    axes = plot_confidence(np.full(20, 0.9), np.zeros(20, dtype=bool)).axes[0]
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_ylim()[0] == 0
