"""The default group of torch.distributed, met on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import psutil
import pytest
import torch
import torch.distributed as dist

from hybridml.exceptions import ImageDecodeError
from hybridml.finetune.parallel.group import ALONE, Group
from hybridml.finetune.parallel.meeting import met
from hybridml.finetune.parallel.process_group import PeerLostError, ProcessGroup

POSITIONS = np.array([4, 1, 3])


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessGroup]:
    """Give a group of this process alone, which has all of six images."""
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        monkeypatch.setenv(name, "none of this machine")
    before = _listening()
    with met(0, 1, host="127.0.0.1", has_gpu=False, share=lambda own: own or ("", 0)):
        assert _listening() - before == {"127.0.0.1"}
        yield ProcessGroup(np.zeros(6, dtype=np.intp), lambda: False)
    assert not dist.is_initialized()


def _listening() -> set[str]:
    found = psutil.Process().net_connections("inet")
    return {c.laddr.ip for c in found if c.status == psutil.CONN_LISTEN}


def test_group_of_one_is_as_one_alone(group: ProcessGroup) -> None:
    both: list[Group] = [group, ALONE]
    assert [g.rank for g in both] == [0, 0]
    assert [g.size for g in both] == [1, 1]
    for one in both:
        assert np.array_equal(one.own(POSITIONS), POSITIONS)
        assert np.array_equal(one.dealt(POSITIONS), POSITIONS)
        tensors = [torch.rand(2, 3), torch.tensor(2.0), torch.rand(4)]
        before = [tensor.clone() for tensor in tensors]
        one.add_up(tensors)
        one.average(tensors)
        assert all(map(torch.equal, tensors, before))
        rows = torch.rand(3, 2)
        assert torch.equal(one.gather(rows, POSITIONS), rows)
        assert one.from_first(lambda: "made") == "made"
        assert one.together(lambda: "made") == "made"
        one.add_up([])
        one.go_on()


def test_layout_of_what_is_added_up_does_not_matter(group: ProcessGroup) -> None:
    maps = torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    before = maps.clone()
    group.add_up([maps])
    assert torch.equal(maps, before)


def test_images_of_others_are_left_to_them() -> None:
    group = object.__new__(ProcessGroup)
    group._owners, group.rank = np.array([0, 1, 0, 1]), 1
    assert group.own(np.array([3, 0, 1])).tolist() == [3, 1]


def test_failures_are_told_to_all(group: ProcessGroup) -> None:
    def fail() -> None:
        raise ImageDecodeError("here", {3: "the file is empty"})

    with pytest.raises(ImageDecodeError, match="Cannot decode 1 images") as caught:
        group.together(fail)
    assert caught.value.failures == {3: "the file is empty"}


def test_group_is_interrupted_together(group: ProcessGroup) -> None:
    stopping = ProcessGroup(np.zeros(6, dtype=np.intp), lambda: True)
    with pytest.raises(KeyboardInterrupt):
        stopping.go_on()


def test_lost_process_is_no_error_of_this_one(
    group: ProcessGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(tensor: torch.Tensor) -> None:
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr(dist, "all_reduce", lose)
    with pytest.raises(PeerLostError, match="is lost: Connection closed by peer"):
        group.add_up([torch.ones(1)])
