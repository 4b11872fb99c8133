"""The picture shows every row and layer, the best on top, and nothing cut off."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from hybridml.report.leaderboard_plot import plot_leaderboard

LONG = "a_registered_backbone_with_a_very_long_name_indeed"
LAYER_COLUMNS = ["backbone", "cut_layer", "head", "score", "score_std"]
NO_LAYERS = pd.DataFrame(columns=LAYER_COLUMNS)


def _table(
    scores: Sequence[float], *, spread: float = 0.02, backbone: str = "resnet18"
) -> pd.DataFrame:
    rows = [
        (i % 5, backbone, "layer3", "linear", s, spread) for i, s in enumerate(scores)
    ]
    return pd.DataFrame(rows, columns=["case", *LAYER_COLUMNS])


def _layers(backbone: str, names: Sequence[str], heads: Sequence[str]) -> pd.DataFrame:
    rows = [(backbone, name, head, 0.5, 0.1) for name in names for head in heads]
    return pd.DataFrame(rows, columns=LAYER_COLUMNS)


def _texts(figure: Figure) -> list[str]:
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@pytest.mark.parametrize("n_rows", [1, 5, 8])
def test_every_row_is_written_out(n_rows: int) -> None:
    scores = [0.95 - 0.05 * i for i in range(n_rows)]
    texts = _texts(plot_leaderboard(_table(scores), NO_LAYERS, "accuracy"))
    for score in scores:
        assert f"{score:.3f} ± 0.020" in texts
    assert texts.count("resnet18 · layer3 · linear") == n_rows
    assert "accuracy (mean ± standard deviation over the folds)" in texts


def test_the_best_row_stands_on_top() -> None:
    axes = plot_leaderboard(_table([0.9, 0.8, 0.7]), NO_LAYERS, "accuracy").axes[0]
    heights = {text.get_text()[:5]: text.xy[1] for text in axes.texts}
    assert heights["0.900"] > heights["0.800"] > heights["0.700"]
    weights = [t.get_fontweight() for t in axes.texts if t.get_text()[:5] == "0.900"]
    assert weights == ["bold"]


def test_cases_are_named_where_titles_are_given() -> None:
    figure = plot_leaderboard(
        _table([0.9, 0.8]), NO_LAYERS, "accuracy", titles={0: "as it is"}
    )
    assert {"case 0: as it is", "case 1"} <= set(_texts(figure))


def test_one_fold_has_no_spread() -> None:
    table = _table([0.9, 0.8], spread=math.nan)
    texts = _texts(plot_leaderboard(table, NO_LAYERS, "accuracy"))
    assert {"0.900", "0.800", "accuracy"} <= set(texts)
    assert not any("±" in text for text in texts)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [((0.99, 0.98), (0.93, 1.0)), ((0.02, 0.01), (0.0, 0.07)), ((-0.3, -2.3), None)],
)
def test_shares_are_shown_between_nothing_and_all(
    scores: tuple[float, float], expected: tuple[float, float] | None
) -> None:
    figure = plot_leaderboard(_table(scores, spread=0.0), NO_LAYERS, "score")
    left, right = figure.axes[0].get_xlim()
    assert left < min(scores) < max(scores) < right
    if expected is not None:
        assert (left, right) == pytest.approx(expected, abs=0.01)


def test_each_backbone_has_its_own_layers() -> None:
    layers = pd.concat(
        [
            _layers("resnet18", ["layer1", "layer2"], ["ridge", "logistic"]),
            _layers("vgg16", ["block1", "block2", "block3"], ["ridge"]),
        ]
    )
    figure = plot_leaderboard(_table([0.9]), layers, "accuracy")
    ticks = [
        [label.get_text() for label in axes.get_xticklabels()]
        for axes in figure.axes[1:]
    ]
    assert ticks == [["layer1", "layer2"], ["block1", "block2", "block3"]]
    legends = [axes.get_legend() for axes in figure.axes[1:]]
    assert [legend.get_title().get_text() for legend in legends] == [
        "resnet18",
        "vgg16",
    ]
    assert [text.get_text() for text in legends[0].get_texts()] == ["ridge", "logistic"]


def test_head_without_a_layer_is_not_drawn_there() -> None:
    layers = pd.concat(
        [
            _layers("resnet18", ["layer1", "layer2", "layer3"], ["ridge"]),
            _layers("resnet18", ["layer1", "layer3"], ["logistic"]),
        ]
    )
    axes = plot_leaderboard(_table([0.9]), layers, "accuracy").axes[1]
    lines = [line.get_xdata() for line in axes.get_lines()]
    places = [[round(float(x)) for x in line] for line in lines]
    assert places == [[0, 1, 2], [0, 2]]


def test_no_layers_leave_their_panel_out() -> None:
    assert len(plot_leaderboard(_table([0.9]), NO_LAYERS, "accuracy").axes) == 1


@pytest.mark.parametrize("n_rows", [1, 8])
def test_long_names_stay_within_the_picture(n_rows: int) -> None:
    layers = _layers(LONG, [f"features.{i}.denselayer16.conv2" for i in range(9)], "ab")
    table = _table([0.9] * n_rows, backbone=LONG)
    figure = plot_leaderboard(table, layers, "balanced_accuracy", titles={0: "x" * 40})
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox()  # in inches
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= width + 0.01
    assert drawn.y1 <= height + 0.01
    assert any("a_registered_…g_name_indeed" in text for text in _texts(figure))
