"""Random numbers depend on the seed and on what they are for, and on nothing else."""

from __future__ import annotations

import torch

from hybridml.finetune.training.seeding import generator_for, seed_for, seeded


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


def test_every_purpose_and_number_has_a_seed_of_its_own() -> None:
    seeds = {
        seed_for(seed, purpose, number)
        for seed in range(5)
        for purpose in ("order", "view", "mixing", "dropout")
        for number in range(50)
    }
    assert len(seeds) == 5 * 4 * 50
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_for(3, "view") == seed_for(3, "view", 0)


def test_numbers_drawn_before_do_not_matter() -> None:
    first = torch.rand(3, generator=generator_for(1, "order", 4))
    torch.rand(100, generator=generator_for(1, "order", 3))
    assert torch.equal(torch.rand(3, generator=generator_for(1, "order", 4)), first)
