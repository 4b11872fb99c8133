"""The way follows the leads where they are clear, and else size and similarity."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from hybridml.transfer.advice.choosing import CASES, Limits, Way, choose
from hybridml.transfer.advice.leads import Leads
from hybridml.transfer.advice.prior import prior_of

LEVEL = {"early": 0.0, "early_error": 0.02, "joined": 0.0, "joined_error": 0.02}


def _choose(
    n_images: int = 200,
    n_per_class: float = 50,
    is_similar: bool = True,
    limits: Limits | None = None,
    **leads: float,
) -> Way:
    return choose(
        Leads(**{**LEVEL, **leads}),
        prior_of(n_per_class, is_similar),
        n_images=n_images,
        is_similar=is_similar,
        limits=limits or Limits(),
    )


def test_where_early_layers_lead_the_network_is_not_trained() -> None:
    assert _choose(early=0.1) == "all layers"
    assert _choose(early=0.1, joined=-0.1) == "early"
    assert _choose(early=0.1, n_images=5000, n_per_class=2500) == "all layers"


def test_lead_within_its_error_counts_for_nothing() -> None:
    assert _choose(early=0.019) == _choose() == "last2"
    assert _choose(early=0.019, limits=Limits(errors=0.5)) == "all layers"


def test_images_unlike_imagenet_are_cut_earlier() -> None:
    assert _choose(is_similar=False) == "all layers"
    assert _choose(is_similar=False, joined=-0.1) == "early"
    assert _choose(is_similar=False, joined=float("nan")) == "early"


@pytest.mark.parametrize("is_similar", [True, False])
def test_large_data_train_the_network(is_similar: bool) -> None:
    assert _choose(20_000, 2000, is_similar) == "all"


def test_few_images_that_tell_nothing_get_all_layers() -> None:
    assert _choose(n_images=29) == "all layers"
    assert _choose(n_images=29, joined=float("nan")) == "last"
    assert _choose(n_images=30) == "last2"


def test_outputs_are_taken_where_they_lead_by_more_than_a_point() -> None:
    assert _choose(outputs=0.05, outputs_error=0.02) == "outputs"
    assert _choose(outputs=0.009, outputs_error=0.001) != "outputs"
    assert _choose(outputs=0.05, outputs_error=0.06) != "outputs"


@pytest.mark.parametrize("leads", [{}, {"early": 0.2}, {"outputs": 0.3}])
def test_every_way_has_a_case(leads: dict[str, Any]) -> None:
    assert set(CASES) == set(get_args(Way))
    assert _choose(**leads) in CASES
