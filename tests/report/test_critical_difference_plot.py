"""The picture shows every score where it is, and a bar for every group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from hybridml.report.critical_difference_plot import plot_critical_differences

SCORES = {"case 4": 0.71, "case 1": 0.94, "case 2": 0.93, "case 0": 0.90, "case 3": 0.9}
GROUPS = [("case 1", "case 2"), ("case 2", "case 0", "case 3")]
LONG = "case 1: a_registered_backbone_with_a_very_long_name_indeed, cut at its end"


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def _bars(figure: Figure) -> list[Line2D]:
    lines = figure.axes[0].lines
    return [line for line in lines if line.get_linewidth() > 2 and len(_x(line)) == 2]


def _x(line: Line2D) -> list[float]:
    return np.asarray(line.get_xdata(), dtype=float).tolist()


def test_every_contender_is_named_with_its_score() -> None:
    texts = _texts(plot_critical_differences(SCORES, GROUPS, "accuracy"))
    assert set(SCORES) <= set(texts)
    written = sorted(
        text for text in texts if text in {f"{s:.3f}" for s in SCORES.values()}
    )
    assert written == ["0.710", "0.900", "0.900", "0.930", "0.940"]
    assert "accuracy" in texts


def test_every_score_stands_on_the_line() -> None:
    axes = plot_critical_differences(SCORES, GROUPS, "accuracy").axes[0]
    dots = [_x(line)[0] for line in axes.lines if np.shape(line.get_xdata()) == (1,)]
    assert sorted(dots) == sorted(SCORES.values())


def test_best_is_bold_and_tops_its_side() -> None:
    texts = plot_critical_differences(SCORES, GROUPS, "accuracy").axes[0].texts
    bold = [t.get_text() for t in texts if t.get_fontweight() == "bold"]
    assert bold == ["accuracy", "case 1"]
    depths = {t.get_text(): t.xy[1] for t in texts if t.get_ha() == "left"}
    assert depths["0.940"] < depths["0.930"]


@pytest.mark.parametrize("groups", [[], GROUPS])
def test_every_group_has_its_bar(groups: Sequence[Sequence[str]]) -> None:
    figure = plot_critical_differences(SCORES, groups, "accuracy", alpha=0.1)
    ends = [[min(SCORES[n] for n in g), max(SCORES[n] for n in g)] for g in groups]
    assert sorted(_x(bar) for bar in _bars(figure)) == sorted(ends)
    expected = "not told apart (p ≥ 0.1" if groups else "all are told apart (p < 0.1"
    assert any(expected in text for text in _texts(figure))


def test_bars_that_touch_are_not_drawn_on_one_level() -> None:
    figure = plot_critical_differences(SCORES, GROUPS, "accuracy")
    assert len({tuple(bar.get_ydata()) for bar in _bars(figure)}) == 2


def test_bars_far_from_each_other_share_a_level() -> None:
    scores = {"a": 0.9, "b": 0.89, "c": 0.5, "d": 0.49}
    figure = plot_critical_differences(scores, [("a", "b"), ("c", "d")], "accuracy")
    assert len({tuple(bar.get_ydata()) for bar in _bars(figure)}) == 1


@pytest.mark.parametrize(
    "scores",
    [
        {"only": 0.9},
        {"good": -0.9, "bad": -12.5},
        {"same": 0.9, "also": 0.9},
        {LONG: 0.9, f"{LONG}, again": 0.8},
        {f"case {i}": 0.9 - 0.01 * i for i in range(25)},
    ],
)
def test_nothing_is_cut_off_or_written_over(scores: dict[str, float]) -> None:
    figure = plot_critical_differences(scores, [tuple(scores)], "neg_log_loss")
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_one_contender_alone_is_told_from_nobody() -> None:
    texts = _texts(plot_critical_differences({"only": 0.9}, [], "accuracy"))
    assert not any("told apart" in text for text in texts)
