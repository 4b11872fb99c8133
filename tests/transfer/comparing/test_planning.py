"""Candidates are listed once each, and every one is checked before the first runs."""

from __future__ import annotations

from typing import Any

import pytest

from hybridml.exceptions import (
    InvalidParameterError,
    UnknownBackboneError,
    UnknownHeadError,
)
from hybridml.testing import make_photos, register_tiny_backbone
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing.planning import check_candidates, plan_candidates

COMMON = CaseOptions(epochs=2, image_size=40)


def _plan(*args: Any, **changed: Any) -> list[tuple[int | None, str]]:
    baseline, *found = plan_candidates(*args, COMMON, **changed)
    assert baseline.case is None
    return [(candidate.case, candidate.options.backbone) for candidate in found]


def test_each_case_of_each_backbone_is_listed() -> None:
    register_tiny_backbone("tiny2")
    assert _plan(["tiny", "tiny2"], [1, 4]) == [
        (1, "tiny"),
        (4, "tiny"),
        (1, "tiny2"),
        (4, "tiny2"),
    ]


@pytest.mark.parametrize(
    ("backbones", "cases"), [("tiny", 1), (["tiny", "tiny"], (1, 1)), ("tiny", [1])]
)
def test_what_is_given_twice_or_alone_is_listed_once(
    backbones: Any, cases: Any
) -> None:
    assert _plan(backbones, cases) == [(1, "tiny")]


def test_scratch_backbone_comes_once_with_its_own_size() -> None:
    register_tiny_backbone("tiny2")
    _, *found = plan_candidates(
        ["tiny", "tiny2"],
        [0, 4],
        COMMON,
        scratch_backbone="lenet5",
        scratch_image_size=32,
    )
    cases = [(c.case, c.options.backbone, c.options.image_size) for c in found]
    assert cases == [(0, "tiny", 40), (0, "tiny2", 40), (4, "lenet5", 32)]
    assert {c.options.epochs for c in found} == {2}


def test_scratch_backbone_is_not_used_without_its_case() -> None:
    assert _plan("tiny", [0], scratch_backbone="lenet5") == [(0, "tiny")]


def test_without_cases_all_that_the_task_has_are_listed() -> None:
    assert [case for case, _ in _plan("tiny", None)] == [0, 1, 2, 3, 4]
    numbers = CaseOptions(task="regression")
    cases = [row.case for row in plan_candidates("tiny", None, numbers)]
    assert cases == [None, 1, 2, 3, 4]


def test_all_layers_come_beside_the_search() -> None:
    found = plan_candidates("tiny", [0, 1], COMMON, all_layers=True)
    assert [(row.case, row.variant) for row in found[1:]] == [
        (0, ""),
        (1, ""),
        (1, "all layers"),
        (1, "ensemble"),
    ]
    assert found[-1].options.cut_layer == "ensemble"
    no_search = plan_candidates("tiny", [0], COMMON, all_layers=True)
    assert len(no_search) == 2


@pytest.mark.parametrize(
    ("backbones", "cases", "message"),
    [
        ([], [1], r"Got backbones=\[\]; expected at least one"),
        ("tiny", [], r"Got cases=\[\]; expected at least one"),
        ("tiny", [1, 5], "Got case=5"),
    ],
)
def test_nothing_or_unknown_cases_are_refused(
    backbones: Any, cases: Any, message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        _plan(backbones, cases)


def test_unknown_backbones_are_named() -> None:
    with pytest.raises(UnknownBackboneError, match="Got backbone='tinny'"):
        _plan(["tiny", "tinny"], [1])
    with pytest.raises(UnknownBackboneError, match="Got backbone='lenet6'"):
        _plan("tiny", [0], scratch_backbone="lenet6")


def test_the_last_candidate_is_checked_too() -> None:
    images, labels = make_photos(4)
    options = CaseOptions(head=["ridge", "ridg"])
    candidates = plan_candidates("tiny", [0, 1], options)
    with pytest.raises(UnknownHeadError, match="Did you mean 'ridge'"):
        check_candidates(candidates, images, labels)
    candidates = plan_candidates("tiny", [0], CaseOptions(store=3))  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="Got store=3"):
        check_candidates(candidates, images, labels)
