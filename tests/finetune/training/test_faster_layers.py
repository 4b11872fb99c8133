from __future__ import annotations

import pytest
import torch
from torch import Tensor, fx, nn

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.hooks import HookedCut
from hybridml.backbones.registry import get_backbone
from hybridml.finetune.training.faster_layers import faster_layers

NETWORKS = ("resnet18", "mobilenet_v2", "mobilenet_v3_small")
BIG_NETWORKS = ("efficientnet_b0", "densenet121", "googlenet", "regnet_y_400mf")


def depthwise(kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(8, 8, kernel, stride, groups=8)


def network(name: str, *, norms_learn: bool = False) -> nn.Module:
    """Random weights, and batch norms that have seen something; in evaluation mode."""
    torch.manual_seed(0)
    backbone = get_backbone(name)
    built = backbone.build(10)
    for layer in built.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_(std=0.1)
            layer.running_var.uniform_(0.5, 2)
    for parameter in built.parameters():
        parameter.data += 0.01 * torch.randn_like(parameter)
    cut = cut_at(built, backbone.stages[-2:-1]).double().eval()
    for layer in cut.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.train(norms_learn)
    return cut


def passed(model: nn.Module) -> dict[str, Tensor]:
    """What a pass gives, and the gradients of all that learns."""
    images = torch.rand(
        2, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    (output,) = model(images).values()
    model.zero_grad()
    (output**2).mean().backward()
    learned = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    statistics = {n: buffer.clone() for n, buffer in model.named_buffers()}
    return {"output": output.detach(), **learned, **statistics}


def state(model: nn.Module) -> list[tuple[type[nn.Module], list[tuple[str, str]]]]:
    return [
        (type(m), sorted((name, str(value)) for name, value in m.__dict__.items()))
        for m in model.modules()
    ]


@pytest.mark.parametrize("learns", [False, True], ids=["fixed norms", "norms learn"])
@pytest.mark.parametrize(
    "name",
    [*NETWORKS, *(pytest.param(n, marks=pytest.mark.slow) for n in BIG_NETWORKS)],
)
def test_the_same_is_computed_and_learned(name: str, learns: bool) -> None:
    expected = passed(network(name, norms_learn=learns))
    model = network(name, norms_learn=learns)
    with faster_layers(model, applies=True, autocast=False):
        found = passed(model)
    assert found.keys() == expected.keys()
    for name_, value in expected.items():
        atol = 1e-9 * float(value.abs().max())
        torch.testing.assert_close(found[name_], value, rtol=1e-9, atol=atol)


class _Layers(nn.Module):
    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.activation = activation


class ReadsWhatIsChanged(_Layers):
    def forward(self, maps: Tensor) -> Tensor:
        convolved = self.convolution(maps)
        output: Tensor = self.activation(convolved) + convolved
        return output


class ChangesItsInput(_Layers):
    def forward(self, maps: Tensor) -> Tensor:
        changed = maps * 2
        output: Tensor = self.activation(changed) + changed
        return output


class ChangedLater(_Layers):
    def forward(self, maps: Tensor) -> Tensor:
        activated: Tensor = self.activation(self.convolution(maps))
        return activated.mul_(2)


class ChangedBehindAnIdentity(_Layers):
    def __init__(self, activation: nn.Module) -> None:
        super().__init__(activation)
        self.same = nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        activated = self.same(self.activation(self.convolution(maps)))
        activated += 1
        return activated  # type: ignore[no-any-return]


class NamesItsArguments(_Layers):
    def forward(self, maps: Tensor) -> Tensor:
        normed = self.norm(input=self.convolution(input=maps))
        output: Tensor = self.activation(input=normed)
        return output


class WithoutShift(_Layers):
    def __init__(self, activation: nn.Module) -> None:
        super().__init__(activation)
        self.norm.bias = None

    def forward(self, maps: Tensor) -> Tensor:
        output: Tensor = self.activation(self.norm(self.convolution(maps)))
        return output


@pytest.mark.parametrize("activation", [nn.ReLU6, nn.SiLU, nn.Hardswish])
@pytest.mark.parametrize("is_traced", [True, False])
@pytest.mark.parametrize(
    "kind",
    [
        ReadsWhatIsChanged,
        ChangesItsInput,
        ChangedLater,
        ChangedBehindAnIdentity,
        NamesItsArguments,
        WithoutShift,
    ],
)
def test_what_is_changed_in_place_is_changed_as_before(
    kind: type[_Layers], is_traced: bool, activation: type[nn.Module]
) -> None:
    torch.manual_seed(0)
    built = kind(activation(inplace=True)).double().eval()
    model = fx.symbolic_trace(built) if is_traced else HookedCut(built, [""])
    images = torch.randn(2, 3, 9, 9, dtype=torch.float64, requires_grad=True)
    learned = [images, *(p for p in model.parameters() if kind is WithoutShift)]

    def gradients() -> list[Tensor]:
        found = model(images)
        output = found if isinstance(found, Tensor) else found[""]
        passed = torch.autograd.grad((output**2).sum(), learned)
        return [output.detach(), *passed]

    expected = gradients()
    with faster_layers(model, applies=True, autocast=False):
        found = gradients()
    for value, same in zip(found, expected, strict=True):
        torch.testing.assert_close(value, same)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_norms_without_weights_and_convolutions_with_biases(
    bias: bool, affine: bool
) -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(5, affine=affine)
    norm(torch.rand(7, 5, 3, 3))
    layers = nn.Sequential(nn.Conv2d(3, 5, 3, bias=bias), norm.eval())
    model = fx.symbolic_trace(layers)
    images = torch.rand(2, 3, 8, 8)
    expected = model(images)
    with faster_layers(model, applies=True, autocast=False):
        assert type(model.get_submodule("0")) is not nn.Conv2d
        torch.testing.assert_close(model(images), expected)


def test_a_batch_norm_is_folded_only_while_it_keeps_its_statistics() -> None:
    model = network("resnet18")
    norm = model.get_submodule("bn1")
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    maps = torch.rand(2, 64, 4, 4, dtype=torch.float64)
    with faster_layers(model, applies=True, autocast=False):
        assert norm(maps) is maps
        before = norm.running_mean.clone()
        norm.train()
        assert norm(maps) is not maps
        assert not torch.equal(norm.running_mean, before)


def test_bfloat16_passes_agree_with_those_of_the_network_itself() -> None:
    model = network("resnet18").float()
    images = torch.rand(4, 3, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        (expected,) = model(images).values()
        with faster_layers(model, applies=True, autocast=True):
            (found,) = model(images).values()
    cosine = nn.functional.cosine_similarity(found.float(), expected.float())
    assert found.dtype == expected.dtype
    assert float(cosine.detach().min()) > 0.999


@pytest.mark.parametrize(
    ("convolution", "dtype"),
    [
        (depthwise(5, 1), torch.float32),
        (depthwise(3, 2), torch.float32),
        (depthwise(3, 1), torch.bfloat16),
        (nn.Conv2d(8, 8, 5), torch.bfloat16),
        (nn.Conv2d(8, 8, 5, groups=2), torch.bfloat16),
    ],
)
def test_only_slow_depthwise_convolutions_leave_autocast(
    convolution: nn.Conv2d, dtype: torch.dtype
) -> None:
    model = nn.Sequential(convolution)
    maps = torch.zeros(1, 8, 9, 9)
    with torch.autocast("cpu", torch.bfloat16):
        with faster_layers(model, applies=True, autocast=True):
            assert model(maps).dtype == dtype
        assert model(maps).dtype == torch.bfloat16
        with faster_layers(model, applies=False, autocast=True):
            assert model(maps).dtype == torch.bfloat16


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "mobilenet_v3_small"])
def test_the_model_is_as_it_was_after_an_error(name: str) -> None:
    model = network(name)
    before = state(model)
    with faster_layers(model, applies=True, autocast=True):
        assert state(model) != before
    assert state(model) == before
    with (
        pytest.raises(RuntimeError, match="stop"),
        faster_layers(model, applies=True, autocast=True),
    ):
        raise RuntimeError("stop")
    assert state(model) == before
