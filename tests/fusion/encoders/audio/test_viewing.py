"""Networks look at whole spectrograms, with the layers in their middle."""

from __future__ import annotations

import pytest

from hybridml import DeepFeatureExtractor
from hybridml.fusion.encoders.audio.viewing import middle_layers, picture_side
from hybridml.testing import register_tiny_backbone


@pytest.mark.parametrize(
    ("backbone", "size", "layers"),
    [
        ("efficientnet_lite0", 64, ["stage3", "stage5"]),
        ("resnet18", 64, ["layer2", "layer3"]),
        ("lenet5", None, ["penultimate"]),
    ],
)
def test_middle_layers_of_known_networks(
    backbone: str, size: int | None, layers: list[str]
) -> None:
    extractor = DeepFeatureExtractor(backbone, weights=None, image_size=size)
    assert middle_layers(extractor) == layers


def test_networks_without_such_maps_give_the_penultimate() -> None:
    extractor = DeepFeatureExtractor(register_tiny_backbone(), store=None)
    assert middle_layers(extractor) == ["penultimate"]


@pytest.mark.parametrize(
    ("weights", "size", "side"),
    [
        ("default", None, 224),
        (None, None, 224),
        ("default", 96, 96),
    ],
)
def test_picture_is_as_large_as_what_the_network_takes(
    weights: str | None, size: int | None, side: int
) -> None:
    assert picture_side("resnet18", weights, size) == side


def test_weights_of_a_name_may_want_a_size_of_their_own() -> None:
    assert picture_side("vit_b_16", "IMAGENET1K_SWAG_E2E_V1", None) == 384
    assert picture_side("vit_b_16", "default", None) == 224
