"""``hybridml demo``: the story is told by the numbers of the run."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from hybridml.cli import demo as module
from hybridml.transfer.comparing.comparison import COLUMNS
from tests.cli.conftest import Typed

_ARGUMENTS = ("demo", "--images", "150", "--no-tracking")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, typed: Typed) -> dict[str, object]:
    """Replace the comparison by one with set numbers; see what it is asked for."""
    seen: dict[str, object] = {"early": 0.95}

    def compare(X: np.ndarray, y: np.ndarray, **parameters: object) -> object:
        seen.update(parameters, X=X, y=y)
        row = {"candidate": "case 1 (net)", "case": 1, "backbone": "net"}
        row |= {"cut_layer": "stem", "head": "svm", "score": 0.95, "n_folds": 3}
        numbers = dict.fromkeys(COLUMNS, 0.0) | {"note": ""}
        layers = [
            ("net", "stem", "svm", seen["early"], 0.01),
            ("net", "penultimate", "svm", 0.90, 0.01),
        ]
        names = ["backbone", "cut_layer", "head", "score", "score_std"]
        return SimpleNamespace(
            table=pd.DataFrame([numbers | row], columns=list(COLUMNS)),
            layer_scores=pd.DataFrame(layers, columns=names),
            scoring="accuracy",
            verdict="case 1 wins with 0.950.",
        )

    monkeypatch.setattr(
        "hybridml.transfer.comparing.compare.compare_transfer_cases", compare
    )
    return seen


def test_images_are_greyscale_pictures_of_the_digits(
    told: dict[str, object], typed: Typed
) -> None:
    typed(*_ARGUMENTS)
    digits = told["X"]
    assert isinstance(digits, np.ndarray)
    assert (digits.shape, digits.dtype) == ((150, 8, 8), np.uint8)
    assert (digits.min(), digits.max()) == (0, 255)


def test_all_cases_are_compared_with_lenet5_from_scratch(
    told: dict[str, object], typed: Typed
) -> None:
    typed(*_ARGUMENTS)
    assert "cases" not in told  # all of them, then
    assert told["scratch_backbone"] == "lenet5"
    assert told["augmentation"] == "light"
    assert type(told["tracker"]).__name__ == "NullTracker"


def test_it_ends_with_the_outcome_and_what_to_do_next(
    told: dict[str, object], typed: Typed
) -> None:
    place = ("--tracking-uri", "sqlite:///my.db")
    shown = typed("demo", "--images", "150", *place).out
    assert "case 1 wins with 0.950." in shown
    assert "Case 1 forwarded no image" in shown
    assert "  hybridml ui --tracking-uri sqlite:///my.db\n" in shown
    assert shown.endswith("  hybridml compare photos\n")


@pytest.mark.parametrize(("early", "is_said"), [(0.95, True), (0.85, False)])
def test_story_is_told_only_if_the_numbers_tell_it(
    early: float, is_said: bool, told: dict[str, object], typed: Typed
) -> None:
    told["early"] = early
    shown = typed(*_ARGUMENTS).out
    assert ("ImageNet is far from digits" in shown) == is_said
    assert ("An earlier cut beats the last one" in shown) == is_said
    assert ("The last cut, penultimate, is the best one" in shown) != is_said


def test_everything_fits_80_columns(told: dict[str, object], typed: Typed) -> None:
    lines = typed(*_ARGUMENTS).out.splitlines()
    assert [line for line in lines if len(line.rstrip()) > 80] == []


def test_too_few_images_are_a_usage_error(typed: Typed) -> None:
    assert typed("demo", "--images", "5").code == 2


@pytest.mark.slow
def test_demo_on_a_part_of_the_digits_names_a_winner_and_then_forwards_none(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.SETTINGS, "cases", [0, 1, 4])
    first, second = (typed(*_ARGUMENTS) for _ in range(2))
    assert first.code == second.code == 0
    assert "Cases 0 and 1 forwarded 150 images, each once." in first.out
    assert "Cases 0 and 1 forwarded no image" in second.out
    assert re.search(r"^case \d .* wins|^case \d .*", first.out, re.MULTILINE)
    scores = [re.findall(r"0\.\d{3}|1\.000", shown.out) for shown in (first, second)]
    assert scores[0][:6:2] == scores[1][:6:2]
