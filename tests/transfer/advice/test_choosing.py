"""The way follows the leads where they are clear, and else size and similarity."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from hybridml.transfer.advice.choosing import CASES, Limits, Way, choose
from hybridml.transfer.advice.leads import Leads
from hybridml.transfer.advice.prior import prior_of

LEVEL = {"early": 0.0, "early_error": 0.02, "joined": 0.0, "joined_error": 0.02}


def _choose(
    n_per_class: float = 50,
    is_similar: bool = True,
    limits: Limits | None = None,
    **leads: float,
) -> Way:
    return choose(
        Leads(**{**LEVEL, **leads}),
        prior_of(n_per_class, is_similar),
        is_similar=is_similar,
        limits=limits or Limits(),
    )


@pytest.mark.parametrize("is_similar", [True, False])
@pytest.mark.parametrize("n_per_class", [5, 200])
@pytest.mark.parametrize("early", [0.0, 0.1])
def test_below_large_data_each_layer_has_its_say(
    n_per_class: float, is_similar: bool, early: float
) -> None:
    assert _choose(n_per_class, is_similar, early=early) == "ensemble"


@pytest.mark.parametrize("is_similar", [True, False])
def test_large_data_train_the_network(is_similar: bool) -> None:
    assert _choose(2000, is_similar) == "all"


def test_where_early_layers_lead_the_network_is_not_trained() -> None:
    assert _choose(2000, early=0.1) == "ensemble"
    assert _choose(2000, early=0.019) == "all"  # within the error
    assert _choose(2000, early=0.019, limits=Limits(errors=0.5)) == "ensemble"


def test_several_labels_have_no_ensemble() -> None:
    none = float("nan")
    assert _choose(joined=none) == "last2"
    assert _choose(joined=none, early=0.1) == "early"
    assert _choose(joined=none, is_similar=False) == "early"


def test_outputs_are_taken_where_they_lead_by_more_than_a_point() -> None:
    assert _choose(outputs=0.05, outputs_error=0.02) == "outputs"
    assert _choose(outputs=0.009, outputs_error=0.001) != "outputs"
    assert _choose(outputs=0.05, outputs_error=0.06) != "outputs"


@pytest.mark.parametrize("leads", [{}, {"early": 0.2}, {"outputs": 0.3}])
def test_every_way_has_a_case(leads: dict[str, Any]) -> None:
    assert set(CASES) == set(get_args(Way))
    assert _choose(**leads) in CASES
