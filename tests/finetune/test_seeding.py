"""A seed holds within its block and nowhere else."""

from __future__ import annotations

import torch

from hybridml.finetune.seeding import seeded


def test_numbers_within_depend_on_the_seed_alone() -> None:
    drawn = []
    for seed in (3, 3, 4):
        torch.rand(5)
        with seeded(seed, torch.device("cpu")):
            drawn.append(torch.rand(2).tolist())
    assert drawn[0] == drawn[1] != drawn[2]


def test_numbers_outside_go_on_as_before() -> None:
    torch.manual_seed(0)
    expected = torch.rand(2)[1]
    torch.manual_seed(0)
    torch.rand(1)
    with seeded(9, torch.device("cpu")):
        torch.rand(100)
    assert torch.rand(1)[0] == expected


def test_numbers_outside_go_on_after_an_error() -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    try:
        with seeded(9, torch.device("cpu")):
            raise RuntimeError
    except RuntimeError:
        pass
    assert torch.equal(torch.random.get_rng_state(), before)
