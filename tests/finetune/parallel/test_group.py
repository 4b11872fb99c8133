"""Two that train together do what one does alone with the same batches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from hybridml.finetune.parallel.group import Alone
from hybridml.finetune.parallel.shards import deal_images, deal_order
from hybridml.finetune.training.loop import Outcome, train

Positions = npt.NDArray[np.intp]
MakeParts = Callable[..., Any]


class AloneButDealt(Alone):
    """One that takes the images in the order of several."""

    def __init__(self, owners: Positions) -> None:
        self.owners = owners

    def dealt(self, order: Positions) -> Positions:
        return deal_order(order, self.owners)


class Threads(AloneButDealt):
    """A group of threads that meet, each seen as one of them."""

    size = 2

    def __init__(self, rank: int, owners: Positions, room: Room) -> None:
        super().__init__(owners)
        self.rank = rank
        self._room = room

    def own(self, positions: Positions) -> Positions:
        return positions[self.owners[positions] == self.rank]

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        for tensor in tensors:
            tensor.detach().copy_(sum(self._room.exchange(self.rank, tensor.clone())))

    def average(self, tensors: Sequence[Tensor]) -> None:
        self.add_up(tensors)
        for tensor in tensors:
            tensor.div_(self.size)

    def gather(self, rows: Tensor, positions: Positions) -> Tensor:
        parts = self._room.exchange(self.rank, rows)
        whole = torch.empty(len(positions), *rows.shape[1:])
        for rank, part in enumerate(parts):
            whole[torch.from_numpy(self.owners[positions] == rank)] = part
        return whole


class Room:
    """Where two threads exchange what they have."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2, timeout=30)
        self._found: list[Any] = [None, None]

    def exchange(self, rank: int, mine: Any) -> list[Any]:
        self._found[rank] = mine
        self._barrier.wait()
        found = list(self._found)
        self._barrier.wait()
        return found


def _train(parts: Any, group: Any) -> tuple[Outcome, list[dict[str, float]]]:
    rows: list[dict[str, float]] = []
    given = parts.model, parts.task, parts.inputs, parts.data, parts.settings
    outcome = train(
        *given,
        depths={},
        group=group,
        on_epoch=rows.append,
        on_step=lambda *_: None,
    )
    return outcome, rows


@pytest.mark.parametrize(
    "changed",
    [
        {"weights": "default", "augmentation": "strong"},
        {"weights": "default", "validation_fraction": 0.25, "optimizer": "sgd"},
        {"weights": "default", "batch_size": 7, "ema_decay": 0.9},
    ],
    ids=["augmented", "held out", "uneven"],
)
def test_two_learn_what_one_learns(
    make_parts: MakeParts, changed: dict[str, Any]
) -> None:
    given = {"n_images": 32, "validation_fraction": 0, "learning_rate": 0.01}
    alone, *two = (make_parts(**{**given, **changed}) for _ in range(3))
    owners = deal_images(alone.data, 32, 2, random_state=0)
    room = Room()
    groups = [Threads(rank, owners, room) for rank in range(2)]
    expected = _train(alone, AloneButDealt(owners))
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(_train, two, groups))
    for (outcome, rows), parts in zip(found, two, strict=True):
        assert outcome == expected[0]
        for row, of_one in zip(rows, expected[1], strict=True):
            named = {name: row[name] for name in row if name != "seconds"}
            assert named == pytest.approx(
                {name: of_one[name] for name in named}, rel=1e-4, abs=1e-6, nan_ok=True
            )
        for name, value in alone.model.state_dict().items():
            learned = parts.model.state_dict()[name]
            torch.testing.assert_close(learned, value, rtol=1e-3, atol=1e-5)
    first, second = (parts.model.state_dict() for parts in two)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_batch_norms_that_learn_end_with_the_same_statistics(
    make_parts: MakeParts,
) -> None:
    two = [make_parts(n_images=24, learning_rate=0.01) for _ in range(2)]  # scratch
    owners = deal_images(two[0].data, 24, 2, random_state=0)
    room = Room()
    groups = [Threads(rank, owners, room) for rank in range(2)]
    before = two[0].model.trunk.get_buffer("stem.1.running_mean").clone()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(_train, two, groups))
    first, second = (parts.model.state_dict() for parts in two)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(before, first["trunk.stem.1.running_mean"])
