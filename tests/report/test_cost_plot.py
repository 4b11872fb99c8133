"""The picture shows what a score costs, and the front that nothing beats."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from hybridml.report.cost_plot import find_front, plot_cost


def _plot(costs: list[float], scores: list[float], names: list[str]) -> Figure:
    table = pd.DataFrame({"candidate": names, "score": scores, "ms": costs})
    return plot_cost(table, "ms", "accuracy", label="ms an image", title="Predicting")


def _dots(figure: Figure) -> list[float]:
    lines = figure.axes[0].lines[1:]
    return [float(line.get_xdata()[0]) for line in lines]


def test_front_climbs_from_the_cheapest_to_the_best() -> None:
    figure = _plot([9, 1, 4], [0.9, 0.7, 0.8], ["a", "b", "c"])
    front = figure.axes[0].lines[0]
    assert front.get_xdata().tolist() == [1, 4, 4, 9, 9]
    assert front.get_ydata().tolist() == [0.7, 0.7, 0.8, 0.8, 0.9]


@pytest.mark.parametrize(
    ("costs", "scores", "expected"),
    [
        ([1, 2], [0.9, 0.8], [True, False]),
        ([1, 1], [0.9, 0.8], [True, False]),
        ([1, 2], [0.9, 0.9], [True, False]),
        ([1, 1], [0.9, 0.9], [True, True]),
        ([1, 2], [0.8, 0.9], [True, True]),
        ([], [], []),
    ],
)
def test_front_holds_what_nothing_beats(
    costs: list[float], scores: list[float], expected: list[bool]
) -> None:
    assert find_front(np.array(costs), np.array(scores)).tolist() == expected


def test_costs_that_are_not_above_nothing_are_left_out() -> None:
    figure = _plot([0, np.nan, 4], [0.9, 0.8, 0.7], ["a", "b", "c"])
    assert _dots(figure) == [4]


def test_nothing_known_is_an_empty_picture() -> None:
    _plot([np.nan], [0.9], ["a"]).draw_without_rendering()


def test_names_that_are_not_the_only_ones_have_their_rank() -> None:
    names = ["case 1 (resnet18)", "case 3 (resnet18)", "case 1 (vgg16)"]
    texts = _plot([1, 2, 3], [0.9, 0.8, 0.7], names).axes[0].texts
    assert [t.get_text() for t in texts] == ["case 1 (#1)", "case 3", "case 1 (#3)"]


def test_names_do_not_cover_one_another() -> None:
    names = [f"case {i}" for i in range(4)]
    figure = _plot([10, 10.2, 10.1, 40], [0.95, 0.951, 0.949, 0.5], names)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert not any(a.overlaps(b) for a, b in pairs)


def test_ticks_are_plain_numbers() -> None:
    figure = _plot([0.4, 24], [0.9, 0.8], ["a", "b"])
    figure.draw_without_rendering()
    texts = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert {"0.5", "1", "2", "5", "10", "20"} <= set(texts)
