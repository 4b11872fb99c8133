"""The picture of what a comparison tells apart: scores on a line, groups under bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WINNER, _OTHERS, _TEXT, _QUIET = "#1b6ca8", "#8a99a6", "#222222", "#6b7680"
_BAR = "#3d4a54"
_LINE_INCHES, _TOP_INCHES, _EDGE_INCHES = 5.2, 0.8, 0.15
_ROW_INCHES, _BAR_INCHES, _GAP_INCHES = 0.30, 0.16, 0.06
_INCHES_A_CHARACTER, _LONGEST_NAME = 0.086, 48


def plot_critical_differences(
    scores: Mapping[str, float],
    groups: Sequence[Sequence[str]],
    scoring: str,
    *,
    alpha: float = 0.05,
) -> Figure:
    """Draw the scores of contenders, with bars over those that are not told apart.

    Parameters
    ----------
    scores : mapping of {str: float}
        Score of each contender, higher is better; at least one.
    groups : sequence of sequence of str
        Names that are not told apart, as from `groups_not_told_apart`. A dot on a bar
        marks each member: a bar may pass a contender that is no member.
    scoring : str
        Name of the score, for the title.
    alpha : float, default=0.05
        Level at which the groups were found, for the legend.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed.

    References
    ----------
    .. [1] J. Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets",
       Journal of Machine Learning Research 7, 2006, the picture drawn after.

    Examples
    --------
    >>> scores = {"case 1": 0.91, "case 2": 0.90, "case 4": 0.72}
    >>> figure = plot_critical_differences(scores, [("case 1", "case 2")], "accuracy")
    >>> len(figure.axes)
    1
    """
    from matplotlib.figure import Figure

    names = sorted(scores, key=lambda name: -scores[name])
    n_right = (len(names) + 1) // 2
    right, left = names[:n_right], names[n_right:][::-1]
    levels = _stack([sorted(scores[name] for name in group) for group in groups])
    first_row = 0.3 + _BAR_INCHES * len(levels)
    sides = [_side_inches(part, scores) for part in (left, right)]
    depth = first_row + _ROW_INCHES * (n_right - 1)
    width = sum(sides) + _LINE_INCHES
    height = depth + _TOP_INCHES + 2 * _EDGE_INCHES
    figure = Figure(figsize=(width, height), dpi=150)
    corner = sides[0] / width, 2 * _EDGE_INCHES / height
    axes = figure.add_axes((*corner, _LINE_INCHES / width, depth / height))
    axes.set_ylim(depth, 0)  # inches below the line
    _draw_line(axes, list(scores.values()), scoring)
    if len(names) > 1:
        _write_legend(axes, bool(groups), alpha)
    _draw_names(axes, left, scores, first_row, is_right=False)
    _draw_names(axes, right, scores, first_row, is_right=True)
    for i, bars in enumerate(levels):
        for bar in bars:
            _draw_bar(axes, bar, 0.2 + _BAR_INCHES * i)
    return figure


def _stack(bars: list[list[float]]) -> list[list[list[float]]]:
    """Put bars that do not come near each other on one level."""
    span = max((bar[-1] for bar in bars), default=0.0)
    span -= min((bar[0] for bar in bars), default=0.0)
    levels: list[list[list[float]]] = []
    for bar in bars:
        for level in levels:
            if all(_are_clear(bar, other, 0.04 * span) for other in level):
                level.append(bar)
                break
        else:
            levels.append([bar])
    return levels


def _are_clear(bar: list[float], other: list[float], gap: float) -> bool:
    return bar[0] > other[-1] + gap or other[0] > bar[-1] + gap


def _side_inches(names: Sequence[str], scores: Mapping[str, float]) -> float:
    if not names:
        return 0.3
    longest = max(len(_shorten(name)) + len(f"{scores[name]:.3f}") for name in names)
    return _INCHES_A_CHARACTER * longest + 2 * _GAP_INCHES + _EDGE_INCHES


def _draw_line(axes: Axes, scores: list[float], scoring: str) -> None:
    low, high = min(scores), max(scores)
    margin = 0.06 * (high - low) or 0.05
    axes.set_xlim(low - margin, high + margin)
    axes.xaxis.tick_top()
    axes.tick_params(colors=_QUIET, labelsize=8)
    axes.set_yticks([])
    axes.spines[["left", "right", "bottom"]].set_visible(False)
    axes.spines["top"].set_color(_OTHERS)
    _write_above(axes, scoring, 40, color=_TEXT, fontsize=11, fontweight="bold")


def _write_legend(axes: Axes, has_bars: bool, alpha: float) -> None:
    bars = f"bars join what is not told apart (p ≥ {alpha:g}, Holm over all pairs)"
    no_bars = f"all are told apart (p < {alpha:g}, Holm over all pairs)"
    _write_above(axes, bars if has_bars else no_bars, 26, color=_QUIET, fontsize=8)


def _write_above(axes: Axes, text: str, points_up: float, **look: Any) -> None:
    axes.annotate(
        text,
        (0, 1),
        (0, points_up),
        xycoords="axes fraction",
        textcoords="offset points",
        **look,
    )


def _draw_names(
    axes: Axes,
    names: Sequence[str],
    scores: Mapping[str, float],
    first_row: float,
    *,
    is_right: bool,
) -> None:
    """Lead from each score on the line down and to its name, the outermost on top."""
    edge = axes.get_xlim()[is_right]
    for i, name in enumerate(names):
        x, depth = scores[name], first_row + _ROW_INCHES * i
        is_best = is_right and i == 0
        colour = _WINNER if is_best else _OTHERS
        line = [x, x, edge], [0, depth, depth]
        axes.plot(*line, color=colour, lw=1, clip_on=False, zorder=2 + is_best)
        axes.plot(x, 0, "o", color=colour, ms=5, clip_on=False, zorder=5 + is_best)
        _write_name(axes, edge, depth, name, f"{x:.3f}", is_right, is_best)


def _write_name(
    axes: Axes,
    edge: float,
    depth: float,
    name: str,
    score: str,
    is_right: bool,
    is_best: bool,
) -> None:
    gap = _GAP_INCHES if is_right else -_GAP_INCHES
    look: dict[str, Any] = {
        "ha": "left" if is_right else "right",
        "va": "center",
        "fontsize": 9,
        "textcoords": "offset points",
        "annotation_clip": False,
    }
    quiet = _WINNER if is_best else _QUIET
    number = axes.annotate(score, (edge, depth), (72 * gap, 0), color=quiet, **look)
    axes.annotate(  # beside the number, however long that is
        _shorten(name),
        (float(is_right), 0.5),
        (72 * gap, 0),
        xycoords=number,
        color=_WINNER if is_best else _TEXT,
        fontweight="bold" if is_best else "normal",
        **look,
    )


def _draw_bar(axes: Axes, members: list[float], depth: float) -> None:
    ends = [members[0], members[-1]]
    axes.plot(ends, [depth] * 2, color=_BAR, lw=4, solid_capstyle="round", zorder=4)
    axes.plot(members, [depth] * len(members), "o", color="white", ms=2.2, zorder=5)


def _shorten(name: str) -> str:
    """Keep both ends of a long name.

    Examples
    --------
    >>> _shorten("case 1: features of the penultimate layer and a linear SVM")
    'case 1: features of the… layer and a linear SVM'
    """
    half = (_LONGEST_NAME - 1) // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[-half:]}"
