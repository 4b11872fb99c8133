from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from hybridml.backbones.memory import Slots, is_out_of_memory


def test_what_pytorch_raises_when_memory_runs_out_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**55)
    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))


def test_slots_are_halved_once_for_all_who_saw_the_same() -> None:
    slots = Slots(8)
    assert slots.halve(seen=8)
    assert slots.halve(seen=8)  # another task, which ran out beside the first
    assert slots.n_slots == 4
    assert slots.halve(seen=4)
    assert slots.halve(seen=2)
    assert slots.n_slots == 1
    assert not slots.halve(seen=1)


def test_no_more_run_at_a_time_than_there_are_slots() -> None:
    slots, running, most = Slots(2), [0], [0]

    def work(_: int) -> None:
        with slots.taken() as n_slots:
            running[0] += 1
            most[0] = max(most[0], running[0])
            assert n_slots == 2
            running[0] -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(200)))
    assert 1 <= most[0] <= 2
    assert running == [0]
