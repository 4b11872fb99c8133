"""What is frozen and what learns are one network, divided; or it is said why not."""

from __future__ import annotations

import copy
from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.ops import StochasticDepth

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.separating import OUTPUT, part_between, separate
from hybridml.backbones.spec import Stage
from hybridml.finetune.learning.freezing import freeze_all_but

SIDES = {"resnet18": 64, "mobilenet_v2": 64}
BIG_SIDES = {
    "efficientnet_lite0": 64,
    "regnet_y_400mf": 64,
    "vgg16": 64,
    "densenet121": 64,
    "googlenet": 64,
    "inception_v3": 96,
    "vit_b_16": 224,
    "swin_t": 64,
    "convnext_tiny": 64,
}
NETWORKS = [*SIDES, *(pytest.param(n, marks=pytest.mark.slow) for n in BIG_SIDES)]


def _prepared(name: str, scope: str) -> tuple[nn.Module, Stage]:
    """A network of random weights, cut, with but a part of it free to learn."""
    backbone = get_backbone(name)
    stages = backbone.stages
    scope = {"early": stages[0].name, "late": stages[-3].name}.get(scope, scope)
    module = _built(name)
    freeze_all_but(module, backbone, scope)
    return cut_at(module, (stages[-2],)), stages[-2]


@cache
def _built(name: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        backbone = get_backbone(name)
        return backbone.build(backbone.n_classes).eval()


def _images(name: str) -> Tensor:
    side = (SIDES | BIG_SIDES)[name]
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("scope", ["head", "last2", "early", "late"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_parts_one_behind_the_other_are_the_network(name: str, scope: str) -> None:
    cut, last = _prepared(name, scope)
    parts = separate(cut)
    assert parts.obstacle is None
    assert parts.frozen is not None
    images = _images(name)
    with torch.inference_mode():
        expected = cut(images)[last.node]
        found = parts.learned(parts.frozen(images)[OUTPUT])[last.node]
    assert torch.isfinite(expected).all()
    assert torch.equal(found, expected)


@pytest.mark.parametrize("scope", ["head", "last2", "early", "late"])
@pytest.mark.parametrize("name", NETWORKS)
def test_what_learns_is_behind_the_border(name: str, scope: str) -> None:
    cut, _ = _prepared(name, scope)
    parts = separate(cut)
    assert parts.frozen is not None
    trainable = {n for n, p in cut.named_parameters() if p.requires_grad}
    behind = dict(parts.learned.named_parameters())
    assert {n for n, p in behind.items() if p.requires_grad} == trainable
    assert not any(p.requires_grad for p in parts.frozen.parameters())
    assert all(behind[n] is cut.get_parameter(n) for n in behind)


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_that_could_be_kept_is_computed_again(name: str) -> None:
    cut, _ = _prepared(name, "late")
    parts = separate(cut)
    assert parts.frozen is not None
    frozen = {n for n, p in cut.named_parameters() if not p.requires_grad}
    kept = {n for n, _ in parts.frozen.named_parameters()}
    assert kept == frozen


@pytest.mark.parametrize("name", NETWORKS)
def test_in_training_the_learning_part_gives_the_same_but_for_chance(name: str) -> None:
    cut, last = _prepared(name, "last2")
    parts = separate(cut)
    assert parts.frozen is not None
    images = _images(name)
    with torch.inference_mode():
        passed_on = parts.frozen(images)[OUTPUT]
        expected = parts.learned.eval()(passed_on)[last.node]
    chance = [m for m in parts.learned.modules() if _is_random(m)]
    parts.learned.train()
    for module in chance:
        module.eval()
    found = parts.learned(passed_on.clone())[last.node]
    torch.testing.assert_close(found, expected)
    found.square().mean().backward()
    for label, parameter in parts.learned.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, label
    parts.learned.zero_grad()
    parts.learned.eval()


def test_the_mode_of_the_network_stays_as_it_was() -> None:
    for mode in (True, False):
        cut, _ = _prepared("mobilenet_v2", "last2")
        cut.train(mode)
        parts = separate(cut)
        assert cut.training == parts.learned.training == mode
        assert parts.frozen is not None
        assert not parts.frozen.training
        cut.eval()


def test_where_nothing_is_frozen_the_network_is_left_whole() -> None:
    cut, _ = _prepared("mobilenet_v2", "all")
    parts = separate(cut)
    assert parts.frozen is None
    assert parts.learned is cut
    assert parts.obstacle is None


class _TwoWays(nn.Module):
    """What learns reads what two frozen layers give of the images."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1)
        self.last, self.out = nn.Conv2d(2, 2, 1), nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        left, right = self.left(images), self.right(images)
        learned: Tensor = self.out(self.last(left) + right)
        return learned


class _Joined(_TwoWays):
    """Here the two are joined before."""

    def forward(self, images: Tensor) -> Tensor:
        learned: Tensor = self.out(self.last(self.left(images) * self.right(images)))
        return learned


class _Deciding(_TwoWays):
    """Which way it takes depends on the images: it has no graph."""

    def forward(self, images: Tensor) -> Tensor:
        way = self.left if images.mean() > 0 else self.right
        learned: Tensor = self.out(self.last(way(images)))
        return learned


class _OtherInTraining(_TwoWays):
    """The frozen part is another one in training."""

    def forward(self, images: Tensor) -> Tensor:
        maps = self.left(images)
        if self.training:
            maps = self.right(maps[:, :1].expand(-1, 3, -1, -1))
        learned: Tensor = self.out(self.last(maps))
        return learned


def _cut_own(module: nn.Module) -> nn.Module:
    module.requires_grad_(False)
    module.get_submodule("last").requires_grad_(True)
    return cut_at(module.eval(), (Stage("out", "out"),))


@pytest.mark.parametrize(
    ("network", "obstacle"),
    [
        (_TwoWays, "what learns reads several outputs of it"),
        (_Deciding, "the network has no graph"),
        (_OtherInTraining, "it is not the same in training"),
    ],
)
def test_why_a_network_does_not_separate_is_said(
    network: type[nn.Module], obstacle: str
) -> None:
    cut = _cut_own(network())
    parts = separate(cut)
    assert parts.obstacle == obstacle
    assert parts.frozen is None
    assert parts.learned is cut


def test_frozen_ways_that_meet_before_what_learns_separate() -> None:
    cut = _cut_own(_Joined())
    parts = separate(cut)
    assert parts.frozen is not None
    assert {n for n, _ in parts.learned.named_parameters()} == {
        "last.weight",
        "last.bias",
    }


def _is_random(module: nn.Module) -> bool:
    return isinstance(module, _BatchNorm | nn.Dropout | StochasticDepth)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("training", [False, True])
def test_the_part_between_two_stages_goes_on_from_the_first(
    name: str, training: bool
) -> None:
    stages = get_backbone(name).stages
    module = copy.deepcopy(_built(name)).train(training)
    for layer in module.modules():
        if isinstance(layer, nn.Dropout | StochasticDepth):
            layer.p = 0.0  # what is dropped is drawn anew in each pass
    start, end = stages[-4], stages[-2]
    part = part_between(module, start, end)
    outputs = cut_at(copy.deepcopy(module), (start, end))(_images(name))
    assert part is not None
    whole = {id(p) for p in module.parameters()}
    assert {id(p) for p in part.parameters()} < whole
    found = part(outputs[start.node].clone())
    torch.testing.assert_close(found, outputs[end.node])


def test_no_part_begins_where_a_skip_connection_goes_round() -> None:
    module = _built("resnet18")
    inside = Stage("inside", "layer4.1.conv1")
    assert part_between(module, inside, get_backbone("resnet18").stages[-2]) is None
