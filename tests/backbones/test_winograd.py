from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, relu

from hybridml.backbones import winograd
from hybridml.backbones.cutting import cut_at, for_inference
from hybridml.backbones.packed_convolution import PackedConvolution, has_onednn
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.winograd import Winograd, can_use_winograd

needs_onednn = pytest.mark.skipif(not has_onednn(), reason="PyTorch lacks oneDNN")


@pytest.fixture(autouse=True)
def _measured_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "is_intel", lambda: True)


def maps(n: int, channels: int, height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(n, channels, height, width, generator=generator)
    return drawn.contiguous(memory_format=torch.channels_last)


def weights(n_out: int, n_in: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(n_out, n_in, 3, 3, generator=generator)
    return weight / (3 * n_in**0.5), torch.randn(n_out, generator=generator)


def convolution(**options: int) -> nn.Conv2d:
    chosen = {"in_channels": 128, "out_channels": 128, "kernel_size": 3, "padding": 1}
    return nn.Conv2d(**{**chosen, **options})


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize(
    "shape",
    [
        (1, 5, 4, 4),
        (3, 64, 7, 7),
        (2, 64, 13, 14),
        (9, 96, 8, 20),
        (1, 64, 150, 75),
        (2, 700, 30, 31),
    ],
)
def test_it_is_the_convolution(shape: tuple[int, ...], padding: int) -> None:
    images = maps(*shape)
    weight, bias = weights(80, shape[1])
    exact = conv2d(images.double(), weight.double(), bias.double(), padding=padding)
    found = Winograd(weight, bias, padding, torch.relu_)(images)
    largest = float(exact.abs().max())
    torch.testing.assert_close(found.double(), relu(exact), rtol=0, atol=3e-5 * largest)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_it_needs_no_bias() -> None:
    weight, _ = weights(64, 64)
    images = maps(2, 64, 8, 8)
    found = Winograd(weight, None, 1, nn.Identity())(images)
    expected = conv2d(images, weight, padding=1)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("n", "channels", "side"), [(8, 64, 56), (8, 128, 28), (8, 256, 14), (8, 512, 7)]
)
def test_an_image_has_the_same_output_at_every_place(
    n: int, channels: int, side: int
) -> None:
    images = maps(n, channels, side, side)
    convolve = Winograd(*weights(channels, channels), 1, torch.relu_)
    expected = convolve(images)
    for shift in range(1, n):
        order = (torch.arange(n) + shift) % n
        moved = images[order].contiguous(memory_format=torch.channels_last)
        assert torch.equal(convolve(moved), expected[order])


def test_the_default_dtype_plays_no_part() -> None:
    weight, _ = weights(64, 64)
    images = maps(2, 64, 8, 8)
    expected = Winograd(weight, None, 1, torch.relu_)(images)
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.equal(Winograd(weight, None, 1, torch.relu_)(images), expected)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2},
        {"dilation": 2},
        {"groups": 2},
        {"kernel_size": 1},
        {"kernel_size": 5},
        {"padding": 2},
        {"out_channels": 64},
    ],
)
def test_other_convolutions_are_left_alone(options: dict[str, int]) -> None:
    images = maps(2, 128, 28, 28)
    assert can_use_winograd(convolution(), images)
    assert not can_use_winograd(convolution(**options), images)


@pytest.mark.parametrize(
    "images",
    [
        maps(2, 128, 28, 28).bfloat16(),
        maps(1, 128, 14, 14),  # too few tiles for weights that are four times as large
        maps(8, 128, 9, 9),  # three tiles a side would compute 12 x 12
        maps(8, 128, 0, 8),
    ],
    ids=["bfloat16", "few tiles", "hardly filled tiles", "none"],
)
def test_maps_that_would_take_longer_are_left_alone(images: Tensor) -> None:
    assert not can_use_winograd(convolution(), images)


def test_other_processors_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "is_intel", lambda: False)
    assert not can_use_winograd(convolution(), maps(2, 128, 28, 28))


@needs_onednn
@pytest.mark.parametrize("activation", [None, nn.ReLU(), nn.ReLU6(), nn.SiLU()])
def test_packed_convolutions_use_it_where_it_is_faster(
    activation: nn.Module | None,
) -> None:
    layer = convolution().requires_grad_(False)
    images = maps(2, 128, 28, 28)
    packed = PackedConvolution(layer, activation)
    with torch.inference_mode():
        found = packed(images)
        expected = (activation or nn.Identity())(layer(images))
    assert isinstance(packed.runs, Winograd)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


@needs_onednn
def test_a_resnet_gives_the_same_with_it() -> None:
    torch.manual_seed(0)
    stages = get_backbone("resnet18").stages
    cut = cut_at(get_backbone("resnet18").build(10).eval(), stages)
    fused = for_inference(cut, torch.float32)
    images = torch.randn(8, 3, 224, 224).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected, found = cut(images), fused(images)
    packed = [m for m in fused.modules() if isinstance(m, PackedConvolution)]
    assert sum(isinstance(m.runs, Winograd) for m in packed) == 9
    for node, output in expected.items():
        largest = float(output.abs().max())
        torch.testing.assert_close(found[node], output, rtol=0, atol=1e-4 * largest)
