from __future__ import annotations

import pytest
import torch
from torch import Tensor, fx, nn
from torchvision.ops.misc import Conv2dNormActivation

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.fusing import fold_batch_norms
from hybridml.backbones.hooks import HookedCut
from hybridml.backbones.module_calls import ModuleCalls
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Stage


def names_of_pairs(model: nn.Module, root: nn.Module) -> dict[str, str]:
    names = {module: name for name, module in root.named_modules()}
    pairs = ModuleCalls(model).convolutions_with_norms()
    return {names[convolution]: names[norm] for convolution, norm in pairs}


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, maps: Tensor) -> Tensor:
        output: Tensor = self.norm(self.convolution(maps))
        return output


class ReadTwice(Small):
    def forward(self, maps: Tensor) -> Tensor:
        convolved = self.convolution(maps)
        output: Tensor = self.norm(convolved) + convolved
        return output


class ConvolvedTwice(Small):
    def forward(self, maps: Tensor) -> Tensor:
        output: Tensor = self.norm(self.convolution(self.convolution(maps)))
        return output


class NormedTwice(Small):
    def forward(self, maps: Tensor) -> Tensor:
        output: Tensor = self.norm(self.norm(self.convolution(maps)))
        return output


class WithoutStatistics(Small):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3, track_running_stats=False)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "vgg11_bn"])
def test_all_norms_of_common_networks_are_found(name: str) -> None:
    backbone = get_backbone(name)
    network = backbone.build(10)
    cut = cut_at(network, backbone.stages[-2:-1])
    norms = {n for n, m in network.named_modules() if isinstance(m, nn.BatchNorm2d)}
    pairs = names_of_pairs(cut, network)
    assert set(pairs.values()) == norms
    assert len(pairs) == len(norms) > 0


def test_a_norm_before_its_convolution_is_none_of_them() -> None:
    backbone = get_backbone("densenet121")
    network = backbone.build(10)
    pairs = names_of_pairs(cut_at(network, backbone.stages[-2:-1]), network)
    layer = "features.denseblock1.denselayer1"
    assert pairs[f"{layer}.conv1"] == f"{layer}.norm2"
    assert f"{layer}.norm1" not in pairs.values()


def test_a_plain_pair_is_found() -> None:
    network = Small()
    (pair,) = ModuleCalls(fx.symbolic_trace(network)).convolutions_with_norms()
    assert [type(layer) for layer in pair] == [nn.Conv2d, nn.BatchNorm2d]


@pytest.mark.parametrize(
    "kind", [ReadTwice, ConvolvedTwice, NormedTwice, WithoutStatistics]
)
def test_what_is_used_otherwise_too_is_no_pair(kind: type[Small]) -> None:
    assert ModuleCalls(fx.symbolic_trace(kind())).convolutions_with_norms() == []


def test_a_convolution_that_is_cut_at_is_in_no_pair() -> None:
    network = get_backbone("resnet18").build(10)
    stages = (Stage("conv1", "conv1"), Stage("layer1", "layer1"))
    pairs = names_of_pairs(cut_at(network, stages), network)
    assert "conv1" not in pairs
    assert pairs["layer1.0.conv1"] == "layer1.0.bn1"


def test_a_module_that_another_graph_uses_otherwise_is_in_no_pair() -> None:
    network = Small()
    both = nn.ModuleList([fx.symbolic_trace(network)])
    assert len(ModuleCalls(both).convolutions_with_norms()) == 1
    graph = fx.Graph()
    graph.output(graph.call_module("norm", (graph.placeholder("maps"),)))
    both.append(fx.GraphModule(network, graph))
    assert ModuleCalls(both).convolutions_with_norms() == []


def test_networks_without_a_graph_have_none() -> None:
    assert ModuleCalls(Small()).convolutions_with_norms() == []


def test_a_network_that_could_not_be_traced_may_call_anything() -> None:
    traced = fx.symbolic_trace(Small())
    assert len(ModuleCalls(nn.ModuleList([traced])).convolutions_with_norms()) == 1
    cut = HookedCut(nn.Sequential(traced), [""])
    assert ModuleCalls(nn.ModuleList([cut])).convolutions_with_norms() == []


def test_a_layer_that_a_sequence_holds_twice_is_called_twice() -> None:
    block = Conv2dNormActivation(3, 3, activation_layer=None)
    block.append(block[0])
    graph = fx.Graph()
    graph.output(graph.call_module("0", (graph.placeholder("maps"),)))
    network = fx.GraphModule(nn.Sequential(block), graph)
    assert ModuleCalls(network).convolutions_with_norms() == []
    network.eval()
    maps = torch.randn(2, 3, 8, 8)
    expected = network(maps)
    fold_batch_norms(network)
    torch.testing.assert_close(network(maps), expected)
