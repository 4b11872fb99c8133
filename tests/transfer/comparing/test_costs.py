"""What a case costs is guessed before it is run, and completed afterwards."""

from __future__ import annotations

import pytest

from hybridml.comparing.contender import ExtraCosts
from hybridml.testing import register_tiny_backbone
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing.costs import expected_work, extra_costs

OPTIONS = CaseOptions("tiny", epochs=4, store=None)


def test_training_is_more_work_than_a_pass_and_guessing_hardly_any() -> None:
    passes = [expected_work(c, OPTIONS).n_passes for c in (None, 0, 1, 2, 3, 4)]
    assert passes == [0.01, 1.0, 1.0, 8.0, 20.0, 20.0]


@pytest.mark.parametrize("case", [None, 1])
def test_searching_and_guessing_say_nothing_about_a_pass(case: int | None) -> None:
    assert not expected_work(case, OPTIONS).is_telling
    assert expected_work(0, OPTIONS).is_telling


def test_network_counts_up_to_where_it_is_cut() -> None:
    register_tiny_backbone()
    early, late = (
        extra_costs(1, OPTIONS, layer, n_stored=0) for layer in ("stem", "penultimate")
    )
    assert 0 < early.n_bytes < late.n_bytes
    assert early.seconds == 0


def test_trained_networks_and_guesses_carry_all_along() -> None:
    assert extra_costs(3, OPTIONS, "penultimate", n_stored=5) == ExtraCosts()
    assert extra_costs(None, OPTIONS, "", n_stored=5) == ExtraCosts()
