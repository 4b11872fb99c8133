from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.global_means import (
    global_mean,
    pool_by_mean,
    with_global_means,
)
from hybridml.backbones.pooling import pool
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Stage


def calls(network: nn.Module) -> int:
    return sum(node.target is pool_by_mean for node in network.graph.nodes)


def passed(network: nn.Module, images: Tensor) -> list[Tensor]:
    """What a network gives, and its gradients."""
    network.zero_grad()
    (output,) = network(images).values()
    (output**2).sum().backward()
    gradients = [p.grad.clone() for p in network.parameters() if p.grad is not None]
    return [output.detach(), *gradients]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_mean_is_that_of_pytorch(
    dtype: torch.dtype, layout: torch.memory_format
) -> None:
    maps = torch.randn(3, 40, 7, 5).to(dtype).contiguous(memory_format=layout)
    wide = torch.promote_types(dtype, torch.float32)
    expected = maps.mean(dim=(2, 3), keepdim=True, dtype=wide)
    assert torch.equal(global_mean(maps), expected)
    assert global_mean(maps).dtype == wide


def test_gradients_are_those_of_the_mean() -> None:
    maps = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(2, 3, 1, 1, dtype=torch.float64)
    (found,) = torch.autograd.grad((global_mean(maps) * weights).sum(), maps)
    means = maps.mean(dim=(2, 3), keepdim=True)
    (expected,) = torch.autograd.grad((means * weights).sum(), maps)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("name", "n_pools"),
    [("resnet18", 1), ("mobilenet_v2", 1), ("mobilenet_v3_small", 1)],
)
@pytest.mark.parametrize("training", [False, True])
def test_networks_give_and_learn_the_same(
    name: str, n_pools: int, training: bool
) -> None:
    torch.manual_seed(0)
    backbone = get_backbone(name)
    network = cut_at(backbone.build(10), backbone.stages[-2:-1]).train(training)
    for layer in network.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    images = torch.randn(2, 3, 64, 64)
    network(images)
    expected = passed(network, images)
    pooled = with_global_means(network)
    found = passed(pooled, images)
    assert calls(pooled) == n_pools
    assert calls(network) == 0
    assert pooled.training == training
    assert set(pooled.state_dict()) == set(network.state_dict())
    for value, same in zip(found, expected, strict=True):
        torch.testing.assert_close(value, same, rtol=1e-3, atol=1e-5)


def test_what_pools_otherwise_stays_as_it_is() -> None:
    backbone = get_backbone("vgg11")
    network = cut_at(backbone.build(10), backbone.stages[:-1])
    assert with_global_means(network) is network
    untraced = nn.AdaptiveAvgPool2d(1)
    assert with_global_means(untraced) is untraced


def test_pooled_features_do_not_depend_on_whether_they_are_learned() -> None:
    maps = torch.randn(2, 8, 60, 60)
    stage = Stage("maps", "maps")
    features = pool(maps, stage, "mean")
    learned = pool(maps.clone().requires_grad_(), stage, "mean")
    assert torch.equal(features, learned)


class _Pools(nn.Module):
    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.convolution = nn.Conv2d(3, 8, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.convolution(images)
        if self.way == "named argument":
            means: Tensor = self.pool(input=maps)
        elif self.way == "three axes":
            means = self.pool(maps.flatten(0, 1))
        else:
            means = torch.lerp(maps, self.pool(maps).expand_as(maps), 0.5)
        return means


@pytest.mark.parametrize("way", ["named argument", "three axes", "mixed"])
@pytest.mark.parametrize("autocast", [False, True])
def test_every_legal_way_to_pool_gives_the_same(way: str, autocast: bool) -> None:
    torch.manual_seed(0)
    stage = Stage("pooled", "lerp" if way == "mixed" else "pool")
    network = cut_at(_Pools(way).eval(), (stage,))
    images = torch.randn(2, 3, 12, 12)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        (expected,) = network(images).values()
        (found,) = with_global_means(network)(images).values()
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected)
