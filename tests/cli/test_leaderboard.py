"""What is said of a comparison is what its numbers say."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import pytest
from rich.console import Console, RenderableType

from hybridml.cli.leaderboard import (
    describe_cut,
    describe_passes,
    is_early_cut_better,
    layer_curve,
    leaderboard,
)

NAMES = ["case", "backbone", "cut_layer", "head", "score", "score_low", "score_high"]
NAMES += ["p_value", "fit_time_s", "predict_ms_per_image", "images_forwarded", "note"]
NET, LITE = "shufflenet_v2_x1_0", "efficientnet_lite0"
GONE = float("nan")
ROWS = [
    (1, NET, "penultimate", "linear_svm", 0.984, 0.97, 0.99, GONE, 102.5, 14.7, 0, ""),
    (3, LITE, "penultimate", "linear", 0.97, 0.96, 0.98, 0.04, 1000.5, 4.7, 3594, ""),
    (0, LITE, "logits", "class map", 0.36, GONE, GONE, 0.0, 6.6, 17.9, 1797, ""),
    (None, "", "", "prior", 0.1, 0.1, 0.1, 0.0, 0.0, 0.0, 0, ""),
]
TABLE = pd.DataFrame(ROWS, columns=NAMES).assign(n_folds=5).astype({"case": "Int64"})


def _layers(*rows: tuple[Any, ...]) -> pd.DataFrame:
    columns = ["backbone", "cut_layer", "head", "score", "score_std"]
    return pd.DataFrame(rows, columns=columns)


def _shown(thing: RenderableType) -> list[str]:
    console = Console(width=80, file=io.StringIO())
    with console.capture() as captured:
        console.print(thing)
    return captured.get().splitlines()


def test_leaderboard_shows_every_row_whole_at_80_columns() -> None:
    lines = _shown(leaderboard(TABLE, "accuracy"))
    assert max(map(len, lines)) <= 80
    assert len(lines) == 3 + len(TABLE)  # title, header, rule: no cell is folded
    first = f"1 {NET} penultimate linear_svm 0.984 .97-.99 - 102.5 14.7"
    assert lines[3].split() == first.split()
    assert lines[4].split()[-3:] == ["0.04", "1000.5", "4.7"]
    assert lines[6].split()[:3] == ["-", "guessing", "prior"]


def test_leaderboard_of_one_fold_has_no_spread() -> None:
    assert _shown(leaderboard(TABLE, "accuracy"))[5].split()[6] == "-"


def test_layer_curve_has_a_bar_a_layer_with_its_best_head() -> None:
    scores = _layers(
        ("net", "stem", "a", 0.70, 0.01),
        ("net", "stem", "b", 0.72, 0.01),
        ("net", "stage1", "a", 0.95, 0.01),
        ("net", "stage1", "b", 0.94, 0.01),
    )
    title, _, _, stem, stage = _shown(layer_curve(scores))
    assert "bars from 0.70" in title
    assert stem.split()[:3] == ["stem", "b", "0.720"]
    assert stage.split()[:3] == ["stage1", "a", "0.950"]
    assert 0 < stem.count("█") < stage.count("█")


def test_layer_curve_names_the_backbones_where_there_are_several() -> None:
    scores = _layers(("one", "stem", "a", 0.7, 0.0), ("two", "stem", "a", 0.8, 0.0))
    lines = _shown(layer_curve(scores))
    assert [line.split()[0] for line in lines[-2:]] == ["one", "two"]


@pytest.mark.parametrize("scores", [(-2.0, -1.0), (-1.0, -1.0), (0.0, 1.0), (1.0, 1.0)])
def test_layer_curve_takes_any_score(scores: tuple[float, float]) -> None:
    rows = [("net", f"layer{i}", "a", s, 0.0) for i, s in enumerate(scores)]
    lines = _shown(layer_curve(_layers(*rows)))
    assert lines[4].count("█") >= lines[3].count("█")
    assert max(map(len, lines)) <= 80


def test_early_cut_is_praised_only_beyond_the_spread() -> None:
    def scores(early: float) -> pd.DataFrame:
        last = ("net", "penultimate", "a", 0.90, 0.02)
        return _layers(("net", "stem", "a", early, 0.01), last)

    assert describe_cut(scores(0.95)) == (
        "An earlier cut beats the last one by 0.050 (stem 0.950, penultimate 0.900)."
    )
    assert is_early_cut_better(scores(0.95))
    assert "about as well" in describe_cut(scores(0.91))
    assert "about as well" in describe_cut(scores(0.90))
    assert not is_early_cut_better(scores(0.91))
    assert describe_cut(scores(0.8)) == (
        "The last cut, penultimate, is the best one here."
    )


def test_last_cut_is_that_of_the_best_backbone() -> None:
    scores = _layers(
        ("good", "stem", "a", 0.95, 0.0),
        ("good", "penultimate", "a", 0.90, 0.0),
        ("poor", "penultimate", "a", 0.50, 0.0),
    )
    assert "by 0.050" in describe_cut(scores)


@pytest.mark.parametrize(
    ("passes", "said"),
    [
        ((0, 0), "Cases 0 and 1 forwarded no image: all features came from the store."),
        ((100, 0), "Cases 0 and 1 forwarded 100 images, each once."),
        ((500, 900), "Cases 0 and 1 forwarded images 1,400 times"),
    ],
)
def test_passes_of_cases_0_and_1_are_told(passes: tuple[int, int], said: str) -> None:
    rows = [(case, "net", n) for case, n in enumerate(passes)] + [(3, "net", 7)]
    table = pd.DataFrame(rows, columns=["case", "backbone", "images_forwarded"])
    assert describe_passes(table, 100).startswith(said)


def test_passes_are_not_told_where_cases_0_and_1_were_not_run() -> None:
    table = TABLE[TABLE["case"] == 3]
    assert describe_passes(table, 100) == ""
