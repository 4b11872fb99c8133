"""A network that cannot be traced is left as soon as the cut is reached."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from hybridml.backbones.cutting import cut_at, for_inference, names_before
from hybridml.backbones.hooks import INPUT_OF, HookedCut
from hybridml.backbones.spec import Stage


class Counted(nn.Module):
    """Notes which of its parts have run; decides by values, so it has no graph."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 2)  # registered first, run last
        self.scale = nn.Parameter(torch.ones(1))
        self.stem = nn.Conv2d(3, 4, 3)
        self.activation = nn.ReLU(inplace=True)
        self.body = nn.Conv2d(4, 6, 3)
        self.ran: list[str] = []

    def forward(self, images: Tensor) -> Tensor:
        if len(images) > 10_000:
            images = images[:1]
        maps = self.activation(self.stem(images * self.scale))
        self.ran.append("stem")
        maps = self.activation(self.body(maps))
        self.ran.append("body")
        return self.head(maps.mean(dim=(2, 3)))


@pytest.fixture
def network() -> Counted:
    torch.manual_seed(0)
    return Counted().eval()


IMAGES = torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def test_nothing_behind_the_last_module_runs(network: Counted) -> None:
    outputs = HookedCut(network, ["stem"])(IMAGES)
    assert list(outputs) == ["stem"]
    assert network.ran == []
    HookedCut(network, ["stem", "body"])(IMAGES)
    assert network.ran == ["stem"]


def test_outputs_are_not_written_over_by_what_runs_next(network: Counted) -> None:
    with torch.inference_mode():
        alone = HookedCut(network, ["stem"])(IMAGES)["stem"]
        together = HookedCut(network, ["stem", "body"])(IMAGES)["stem"]
    assert float(alone.min()) < 0
    torch.testing.assert_close(together, alone)


def test_the_input_and_the_output_of_the_network_are_nodes(network: Counted) -> None:
    outputs = HookedCut(network, [f"{INPUT_OF}head", ""])(IMAGES)
    torch.testing.assert_close(outputs[""], network(IMAGES))
    torch.testing.assert_close(network.head(outputs[f"{INPUT_OF}head"]), outputs[""])


def test_no_hook_stays_behind(network: Counted) -> None:
    HookedCut(network, ["stem"])(IMAGES)
    with pytest.raises(RuntimeError, match="expected input"):
        HookedCut(network, ["stem"])(IMAGES[:, :2])
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_parts_keep_the_names_that_they_have_in_the_network(network: Counted) -> None:
    cut = HookedCut(network, ["stem"])
    assert list(cut.state_dict()) == list(network.state_dict())
    parameters = [name for name, _ in network.named_parameters()]
    assert [name for name, _ in cut.named_parameters()] == parameters
    cut.train()
    assert network.training
    assert network.body.training


def test_a_copy_is_a_network_of_its_own(network: Counted) -> None:
    copied = copy.deepcopy(HookedCut(network, ["body"])).double()
    assert network.stem.weight.dtype == torch.float32
    assert copied(IMAGES.double())["body"].dtype == torch.float64
    ready = for_inference(HookedCut(network, ["body"]), torch.float32)
    torch.testing.assert_close(
        ready(IMAGES)["body"], HookedCut(network, ["body"])(IMAGES)["body"]
    )


def test_names_are_those_before_the_cut(network: Counted) -> None:
    assert names_before(network, Stage("stem", "stem")) == {
        "scale",
        "stem.weight",
        "stem.bias",
    }
    everything = set(network.state_dict())
    assert names_before(network, Stage("logits", "head")) == everything


def test_gradients_reach_what_lies_before_the_cut(network: Counted) -> None:
    cut_at(network, (Stage("stem", "stem"),))(IMAGES)["stem"].sum().backward()
    assert network.stem.weight.grad is not None
    assert network.scale.grad is not None
    assert network.body.weight.grad is None


def test_threads_do_not_mix_their_outputs(network: Counted) -> None:
    cut = HookedCut(network, ["stem"])
    batches = [torch.full((1, 3, 12, 12), float(i)) for i in range(20)]
    expected = [cut(batch)["stem"] for batch in batches]
    with ThreadPoolExecutor(4) as threads:
        got = list(threads.map(lambda batch: cut(batch)["stem"], batches))
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b)


def test_unknown_modules_are_refused(network: Counted) -> None:
    with pytest.raises(AttributeError, match="bodi"):
        HookedCut(network, ["bodi"])


def test_a_module_that_does_not_run_is_told(network: Counted) -> None:
    network.add_module("unused", nn.ReLU())
    with pytest.raises(RuntimeError, match="'unused' gave no tensor"):
        HookedCut(network, ["unused"])(IMAGES)
