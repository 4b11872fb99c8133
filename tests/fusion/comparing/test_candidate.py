"""A contender says what it is, and makes what it says."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from hybridml import EarlyFusionRegressor, LateFusionClassifier
from hybridml.comparing.contender import Contender
from hybridml.fusion.comparing.candidate import FusionCandidate
from hybridml.fusion.comparing.head_names import name_head
from hybridml.fusion.comparing.options import FusionOptions
from hybridml.fusion.comparing.planning import plan_candidates
from hybridml.fusion.modalities.modality import Modality
from hybridml.heads.multilabel_head import MultiLabelHead

PARTS = [Modality(name, StandardScaler(), [name]) for name in ("photo", "table")]
_AS_A_CONTENDER: Contender = FusionCandidate(
    "late", "mean", FusionOptions([], {}, "regression")
)


def _options(task: Any = "classification", **changed: Any) -> FusionOptions:
    encoders = {part.name: part.encoder for part in PARTS}
    return FusionOptions(PARTS, encoders, task, **changed)


def _plan(options: FusionOptions, **changed: Any) -> list[FusionCandidate]:
    given: dict[str, Any] = {
        "n_rows": 100,
        "kinds": ("early", "late", "intermediate"),
        "heads": None,
        "combinations": ("mean", "stack"),
        "methods": "gated",
    }
    return plan_candidates(options, **{**given, **changed})


def test_every_modality_alone_comes_before_the_fusions() -> None:
    assert [one.name for one in _plan(_options())] == [
        "baseline",
        "photo alone",
        "table alone",
        "early fusion (logistic)",
        "early fusion (rbf_svm)",
        "late fusion (mean)",
        "late fusion (stack)",
        "intermediate fusion (gated)",
    ]


@pytest.mark.parametrize(
    ("task", "n_rows", "heads"),
    [
        ("classification", 3001, ["logistic"]),
        ("regression", 3000, ["ridge", "rbf_svm"]),
        ("regression", 3001, ["ridge"]),
    ],
)
def test_heads_by_default_suit_task_and_size(
    task: Any, n_rows: int, heads: list[str]
) -> None:
    planned = _plan(_options(task), n_rows=n_rows, kinds="early")
    assert [one.variant for one in planned if one.kind == "early"] == heads


def test_one_alone_is_made_as_a_member_of_a_late_fusion() -> None:
    alone, late = (
        FusionCandidate(kind, variant, _options(class_weight="balanced")).make()
        for kind, variant in (("alone", "table"), ("late", "stack"))
    )
    assert type(alone) is type(late) is LateFusionClassifier
    assert alone.modalities == late.modalities[1:]
    mine, its = alone.get_params(deep=False), late.get_params(deep=False)
    differ = {name for name in mine if mine[name] != its[name]}
    assert differ == {"modalities", "combine"}
    assert alone.class_weight == "balanced"


def test_regressor_gets_no_class_weights() -> None:
    made = FusionCandidate("early", "ridge", _options("regression", random_state=3))
    estimator = made.make()
    assert isinstance(estimator, EarlyFusionRegressor)
    assert (estimator.head, estimator.random_state) == ("ridge", 3)


def test_identity_tells_all_contenders_apart() -> None:
    planned = _plan(_options(), kinds=("early", "late"))
    identities = {repr(one.identity()) for one in planned}
    assert len(identities) == len(planned)
    again = _plan(_options(), kinds=("early", "late"))
    assert {repr(one.identity()) for one in again} == identities
    other = _plan(_options(random_state=1), kinds=("early", "late"))
    shared = {repr(one.identity()) for one in other} & identities
    assert shared == {repr(planned[0].identity())}


def test_head_is_called_as_make_head_does() -> None:
    assert name_head(MultiLabelHead(LogisticRegression()), "multilabel") == "logistic"
    assert name_head(StandardScaler(), "regression") == "StandardScaler"
