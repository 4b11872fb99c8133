"""Late fusions share members within a block, and only what is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from hybridml.fusion.late.classifier import LateFusionClassifier
from hybridml.fusion.late.sharing import share_members

Y = np.array(["left", "right"] * 15)


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    shift = np.where(Y == "left", -1.0, 1.0)
    return pd.DataFrame({"a": rng.normal(shift), "b": rng.normal(shift)})


def _late(*modalities: Any, **params: Any) -> LateFusionClassifier:
    given = {"combine": "mean", "head": LogisticRegression(), "cv": 2, **params}
    return LateFusionClassifier(list(modalities), **given)


A, B = ("a", StandardScaler(), ["a"]), ("b", StandardScaler(), ["b"])


def test_members_of_the_same_rows_are_fitted_once(frame: pd.DataFrame) -> None:
    with share_members():
        alone = _late(A).fit(frame, Y)
        mean, stack = _late(A, B).fit(frame, Y), _late(A, B, combine="stack")
        stack.fit(frame, Y)
    assert alone.members_[0] is mean.members_[0] is stack.members_[0]
    assert mean.members_[1] is stack.members_[1]


def test_what_is_shared_predicts_as_what_is_not(frame: pd.DataFrame) -> None:
    with share_members():
        _late(A, B).fit(frame, Y)
        shared = _late(A, B, combine="stack").fit(frame, Y)
    fresh = _late(A, B, combine="stack").fit(frame, Y)
    expected = fresh.predict_proba(frame)
    np.testing.assert_array_equal(shared.predict_proba(frame), expected)


@pytest.mark.parametrize(
    "other",
    [
        _late(("a", StandardScaler(), ["a"])),
        _late(("a", A[1], ["b"])),
        _late(A, head=LogisticRegression(C=2.0)),
        _late(A, cv=3),
        _late(A, calibrate=False),
        _late(A, random_state=1),
    ],
)
def test_members_that_differ_are_not_shared(
    frame: pd.DataFrame, other: LateFusionClassifier
) -> None:
    with share_members():
        first = _late(A).fit(frame, Y)
        assert other.fit(frame, Y).members_[0] is not first.members_[0]


def test_other_rows_are_not_shared(frame: pd.DataFrame) -> None:
    with share_members():
        first = _late(A).fit(frame, Y).members_[0]
        fewer = _late(A).fit(frame[:20], Y[:20]).members_[0]
        turned = _late(A).fit(frame, Y[::-1]).members_[0]
    assert first is not fewer
    assert first is not turned


def test_nothing_is_shared_outside_the_block(frame: pd.DataFrame) -> None:
    with share_members():
        inside = _late(A).fit(frame, Y)
    with share_members():
        again = _late(A).fit(frame, Y)
    first, second = _late(A).fit(frame, Y), _late(A).fit(frame, Y)
    members = {id(model.members_[0]) for model in (inside, again, first, second)}
    assert len(members) == 4
