"""Batch norms that hold their activation give the same numbers taken apart."""

from __future__ import annotations

import torch
from torch import fx, nn

from hybridml.backbones.cutting import for_inference
from hybridml.backbones.norm_act import split_norm_act


class NormAct(nn.BatchNorm2d):
    def __init__(self, n_channels: int) -> None:
        super().__init__(n_channels)
        self.act = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self.act(super().forward(maps))


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, qualified_name: str) -> bool:
        return isinstance(m, NormAct) or super().is_leaf_module(m, qualified_name)


def traced() -> fx.GraphModule:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), NormAct(4), nn.Conv2d(4, 2, 1)).eval()
    norm = network[1]
    nn.init.uniform_(norm.running_var, 0.5, 2.0)
    nn.init.normal_(norm.running_mean)
    return fx.GraphModule(network, _Tracer().trace(network))


IMAGES = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_numbers_stay_the_same_bit_for_bit() -> None:
    expected = traced()(IMAGES)
    split = split_norm_act(traced())
    assert type(split.get_submodule("1")) is nn.BatchNorm2d
    assert torch.equal(split(IMAGES), expected)


def test_activations_survive_folding() -> None:
    network = traced()
    ready = for_inference(network, torch.float32)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in ready.modules())
    torch.testing.assert_close(ready(IMAGES), network(IMAGES), rtol=1e-4, atol=1e-5)


class Standardised(nn.Conv2d):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self._conv_forward(images, self.weight / self.weight.std(), self.bias)


def test_convolutions_that_do_more_are_not_folded_into() -> None:
    class Tracer(fx.Tracer):
        def is_leaf_module(self, m: nn.Module, qualified_name: str) -> bool:
            return isinstance(m, Standardised) or super().is_leaf_module(
                m, qualified_name
            )

    torch.manual_seed(0)
    network = nn.Sequential(Standardised(3, 4, 3), nn.BatchNorm2d(4)).eval()
    nn.init.uniform_(network[1].weight, 2.0, 3.0)
    cut = fx.GraphModule(network, Tracer().trace(network))
    ready = for_inference(cut, torch.float32)
    torch.testing.assert_close(ready(IMAGES), network(IMAGES))
