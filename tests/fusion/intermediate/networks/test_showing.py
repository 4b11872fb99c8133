"""What networks are shown of a row is never nothing, and never what it lacks."""

from __future__ import annotations

import pytest
import torch

from hybridml.fusion.intermediate.networks.showing import (
    divide_at_random,
    hide_at_random,
)


@pytest.fixture
def present() -> torch.Tensor:
    torch.manual_seed(0)
    present = torch.rand(4000, 3) < 0.7
    present[present.sum(dim=1) == 0, 0] = True
    return present


def test_nothing_is_shown_that_a_row_lacks(present: torch.Tensor) -> None:
    for shown in (hide_at_random(present, 0.5), *divide_at_random(present)):
        assert not (shown & ~present).any()
        assert shown.any(dim=1).all()


def test_modalities_are_hidden_at_the_rate() -> None:
    kept = hide_at_random(torch.ones(20_000, 4, dtype=torch.bool), 0.3)
    assert kept.float().mean().item() == pytest.approx(0.7, abs=0.02)


def test_a_rate_of_nothing_hides_nothing(present: torch.Tensor) -> None:
    assert torch.equal(hide_at_random(present, 0.0), present)


def test_the_two_parts_are_the_whole_and_do_not_overlap(present: torch.Tensor) -> None:
    part, rest = divide_at_random(present)
    assert torch.equal(part | rest, present)
    several = present.sum(dim=1) > 1
    assert not (part & rest)[several].any()
    single = ~several
    assert torch.equal(part[single], present[single])
    assert torch.equal(rest[single], present[single])


def test_every_division_comes_up() -> None:
    part, _ = divide_at_random(torch.ones(5000, 3, dtype=torch.bool))
    codes = (part.long() * torch.tensor([1, 2, 4])).sum(dim=1)
    counts = codes.bincount(minlength=8)
    assert counts[[0, 7]].sum() == 0
    assert (counts[1:7] > 400).all()
