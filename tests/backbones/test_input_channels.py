"""A network trained on RGB takes any number of channels, as far as that is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.backbones import Backbone, Stage, get_backbone, register_backbone
from hybridml.backbones.input_channels import (
    first_convolution,
    widen_input,
    with_channels,
)
from hybridml.backbones.loading import load_network
from hybridml.backbones.normalising import normalise
from hybridml.backbones.registry import list_backbones
from hybridml.backbones.spec import Preprocessing
from hybridml.backbones.weights import load_weights
from hybridml.exceptions import ImageDecodeError, InvalidParameterError
from hybridml.testing import make_photos, register_tiny_backbone
from tests.backbones.test_torchvision_families import IN_THE_FAST_SUITE

IMAGENET = Preprocessing()
FAST = {*IN_THE_FAST_SUITE, "efficientnet_lite0", "lenet5", "convnet3", "inception_v3"}
ALL = [
    *((name, n_channels) for name in sorted(FAST) for n_channels in (1, 6)),
    *(
        pytest.param(name, 5, marks=pytest.mark.slow)
        for name in list_backbones()
        if name not in FAST
    ),
]


def stack(n_channels: int, n_images: int = 4) -> np.ndarray:
    shape = (n_images, 40, 40, n_channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(("name", "n_channels"), ALL)
def test_every_backbone_takes_other_channels(name: str, n_channels: int) -> None:
    backbone = get_backbone(name)
    with torch.device("meta"):
        network = backbone.build(4).eval()
    widened = widen_input(network, backbone.preprocessing, n_channels)
    size = widened.crop
    images = torch.empty(2, n_channels, size, size, device="meta")
    assert network(images).shape == (2, 4)
    assert len(widened.mean) == len(widened.std) == n_channels


@pytest.mark.parametrize(
    "name", ["resnet10t", "swin_tiny_patch4_window7_224", "tf_mobilenetv3_small_075"]
)
def test_networks_of_timm_take_other_channels(name: str) -> None:
    pytest.importorskip("timm")
    test_every_backbone_takes_other_channels(f"timm:{name}", 5)


def test_weights_are_repeated_and_scaled() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3))
    before = network[0].weight.detach().clone()
    widened = widen_input(network, IMAGENET, 7)
    turns = [0, 1, 2, 0, 1, 2, 0]
    torch.testing.assert_close(network[0].weight.data, before[:, turns] * 3 / 7)
    assert widened.mean == tuple(IMAGENET.mean[i] for i in turns)
    assert widened.std == tuple(IMAGENET.std[i] for i in turns)


def test_six_equal_halves_give_what_rgb_gives() -> None:
    tiny = register_tiny_backbone()
    rgb = stack(3)
    twice = np.concatenate([rgb, rgb], axis=3)
    narrow = DeepFeatureExtractor(tiny, store=None, precision="fp32")
    wide = DeepFeatureExtractor(tiny, store=None, precision="fp32", in_channels=6)
    np.testing.assert_allclose(
        wide.fit_transform(twice), narrow.fit_transform(rgb), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("bias", [True, False])
def test_grey_gives_what_it_gives_as_rgb_but_for_the_borders(bias: bool) -> None:
    torch.manual_seed(0)
    rgb = nn.Conv2d(3, 5, 3, padding=1, bias=bias)
    grey = nn.Conv2d(3, 5, 3, padding=1, bias=bias)
    grey.load_state_dict(rgb.state_dict())
    widened = widen_input(nn.Sequential(grey), IMAGENET, 1)
    levels = torch.randint(0, 256, (2, 1, 9, 9), dtype=torch.uint8)
    with torch.inference_mode():
        as_rgb = rgb(normalise(levels.expand(-1, 3, -1, -1), IMAGENET))
        as_grey = grey(normalise(levels, widened))
    inner = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(as_grey[inner], as_rgb[inner], rtol=1e-4, atol=1e-4)
    assert float((as_grey - as_rgb).abs().max()) < 0.3


def test_grey_is_exact_where_all_channels_are_normalised_alike() -> None:
    network = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1, bias=False))
    half = Preprocessing(mean=(0.5,) * 3, std=(0.5,) * 3)
    before = network[0].weight.detach().clone()
    widen_input(network, half, 1)
    assert network[0].bias is None
    torch.testing.assert_close(network[0].weight.data, before.sum(1, keepdim=True))


@pytest.mark.slow
def test_grey_features_of_a_real_network_are_close_to_rgb() -> None:
    levels = make_photos(4, side=64)[0].mean(axis=3).astype(np.uint8)
    options = {"store": None, "precision": "fp32", "image_size": 64}
    rgb = DeepFeatureExtractor(**options).fit_transform(levels)
    grey = DeepFeatureExtractor(in_channels=1, **options).fit_transform(levels)
    np.testing.assert_allclose(grey, rgb, atol=1e-3)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_input_that_the_network_rescales_itself_stays_what_it_was(name: str) -> None:
    backbone = get_backbone(name)
    network = backbone.build(3).eval()
    levels = torch.randint(0, 256, (1, 3, 96, 96), dtype=torch.uint8)
    with torch.inference_mode():
        expected = network(normalise(levels, backbone.preprocessing))
        widened = widen_input(network, backbone.preprocessing, 6)
        got = network(normalise(torch.cat([levels, levels], dim=1), widened))
    torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-4)


def test_random_weights_are_drawn_for_the_channels() -> None:
    tiny = get_backbone(register_tiny_backbone())
    networks = [
        load_weights(tiny, None, random_state=seed, in_channels=5).module
        for seed in (0, 0, 1)
    ]
    first, again, other = (first_convolution(n, 5).weight for n in networks)
    assert first.shape[1] == 5
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[:, 0], first[:, 3])


def test_the_digest_is_that_of_the_weights_whatever_the_channels() -> None:
    tiny = get_backbone(register_tiny_backbone())
    digests = {load_weights(tiny, "default", in_channels=n).digest for n in (1, 3, 5)}
    assert len(digests) == 1


def test_the_store_keeps_channels_apart(tmp_path: Path) -> None:
    store, tiny = FeatureStore(tmp_path), register_tiny_backbone()
    images = make_photos(4)[0]
    rgb = DeepFeatureExtractor(tiny, store=store).fit_transform(images)
    grey = DeepFeatureExtractor(tiny, store=store, in_channels=1).fit_transform(images)
    assert not np.array_equal(rgb, grey)
    assert store.stats()["images_forwarded"] == 8


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_stacks_and_lists_of_arrays_agree(dtype: str) -> None:
    pixels = stack(5)
    scaled = {
        "uint8": pixels,
        "uint16": pixels.astype(np.uint16) * 257,
        "float32": pixels.astype(np.float32) / 255,
    }
    extractor = DeepFeatureExtractor(register_tiny_backbone(), in_channels=5)
    expected = extractor.fit_transform(pixels)
    np.testing.assert_array_equal(extractor.transform(scaled[dtype]), expected)
    np.testing.assert_array_equal(extractor.transform(list(scaled[dtype])), expected)


def test_images_of_other_channels_are_named(tmp_path: Path) -> None:
    extractor = DeepFeatureExtractor(register_tiny_backbone(), in_channels=5)
    with pytest.raises(ValueError, match=r"expected an array of shape \(n, .*, 5\)"):
        extractor.fit(stack(3))
    wrong = [stack(5)[0], stack(4)[0], "some.tif"]
    with pytest.raises(ImageDecodeError) as caught:
        extractor.fit(wrong).transform(wrong)
    message = str(caught.value)
    assert "expected (height, width, 5)" in message
    assert "some.tif" in message


@pytest.mark.parametrize("in_channels", [0, -1, 2.0, "3", True, None])
def test_numbers_of_channels_that_are_none_are_refused(in_channels: object) -> None:
    extractor = DeepFeatureExtractor(in_channels=in_channels)  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="expected a positive number of ch"):
        extractor.fit(stack(3))


class _Patches(nn.Module):
    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.flat = nn.Flatten()
        self.fc = nn.Linear(3 * 8 * 8, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.flat(images))


def test_a_network_that_begins_otherwise_is_refused() -> None:
    stages = (Stage("penultimate", "flat", "vector"), Stage("logits", "fc", "vector"))
    size = Preprocessing(resize=8, crop=8)
    declared = Backbone("patches", _Patches, stages, size, fixed_image_size=True)
    register_backbone(declared, overwrite=True)
    with pytest.raises(InvalidParameterError, match="in_channels=4; expected 3: this"):
        load_network("patches", weights=None, in_channels=4)


def test_mean_and_std_follow_the_channels() -> None:
    assert with_channels(IMAGENET, 3) is IMAGENET
    assert with_channels(IMAGENET, 2).std == IMAGENET.std[:2]
    assert with_channels(IMAGENET, 1).mean == (pytest.approx(0.449),)
