"""The picture shows a line a head, over the layers in their order."""

from __future__ import annotations

import math

import pandas as pd

from hybridml.report.layers_plot import plot_layers

COLUMNS = ["cut_layer", "head", "score", "score_std"]


def test_lines_are_the_heads_and_places_the_layers() -> None:
    rows = [
        ("stem", "ridge", 0.6, 0.1),
        ("layer1", "ridge", 0.8, 0.1),
        ("layer1", "svm", 0.9, 0.1),
        ("stem", "svm", 0.7, math.nan),
    ]
    axes = plot_layers(pd.DataFrame(rows, columns=COLUMNS), "accuracy").axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "ridge",
        "svm",
    ]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["stem", "layer1"]
    assert axes.lines[1].get_xdata().tolist() == [0, 1]
    assert axes.lines[1].get_ydata().tolist() == [0.7, 0.9]


def test_lines_may_be_weights() -> None:
    rows = [("stem", "random", 0.6, 0.1), ("stem", "pretrained", 0.9, 0.1)]
    table = pd.DataFrame(rows, columns=["cut_layer", "weights", "score", "score_std"])
    axes = plot_layers(table, "accuracy", by="weights", title="Weights").axes[0]
    assert [line.get_label() for line in axes.lines] == ["random", "pretrained"]
    assert axes.get_title(loc="left") == "Weights"


def test_long_names_are_shortened() -> None:
    name = "features.denseblock4.denselayer16.conv2"
    table = pd.DataFrame([(name, "ridge", 0.6, 0.1)], columns=COLUMNS)
    axes = plot_layers(table, "accuracy").axes[0]
    (label,) = [text.get_text() for text in axes.get_xticklabels()]
    assert len(label) == 21
