"""The picture shows each curve, the best layer, and how far the last one falls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from hybridml.report.layer_curve_plot import plot_layer_curve


def _table(
    scores: list[float], weights: str = "pretrained", **columns: object
) -> pd.DataFrame:
    depths = np.arange(1, len(scores) + 1)
    names = [f"stage{depth}" for depth in depths]
    shown = {"weights": weights, "cut_layer": names, "depth": depths, "gmacs": 0.5}
    return pd.DataFrame({**shown, "score": scores, "score_std": 0.02, **columns})


def _texts(table: pd.DataFrame) -> list[str]:
    figure = plot_layer_curve(table, "accuracy")
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_best_score_and_fall_are_written() -> None:
    assert {"0.900", "\N{MINUS SIGN}0.150"} <= set(_texts(_table([0.6, 0.9, 0.75])))


@pytest.mark.parametrize("scores", [[0.6, 0.9], [0.7], [0.6, 0.6]])
def test_nothing_falls_where_the_last_layer_is_as_good(scores: list[float]) -> None:
    assert not any(text.startswith("\N{MINUS SIGN}") for text in _texts(_table(scores)))


def test_each_weights_has_its_curve_the_first_one_first() -> None:
    both = pd.concat([_table([0.6, 0.9]), _table([0.5, 0.5], "random")])
    (axes,) = plot_layer_curve(both, "accuracy").axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["pretrained", "random"]
    curves = {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}
    assert curves["pretrained"] == [0.6, 0.9]
    assert curves["random"] == [0.5, 0.5]


def test_costs_are_left_out_where_there_are_none() -> None:
    texts = _texts(_table([0.6, 0.9], gmacs=np.nan))
    assert "layer" in texts
    assert "stage1\n0.5" in _texts(_table([0.6, 0.9]))


def test_everything_stays_within_the_picture() -> None:
    rising = _table([0.9, 1.0], cut_layer=["features.denseblock4.layer16", "end"])
    figure = plot_layer_curve(rising, "accuracy", title="What is read " * 12)
    figure.draw_without_rendering()
    for text in figure.findobj(Text):
        if text.get_text() and text.get_visible():
            assert text.get_window_extent().x1 <= figure.bbox.x1
            assert text.get_window_extent().y1 <= figure.bbox.y1


def test_one_fold_has_no_band_but_a_curve() -> None:
    assert "0.900" in _texts(_table([0.6, 0.9], score_std=np.nan))
