from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from hybridml.backbones import Backbone, Preprocessing, Stage, register_backbone
from hybridml.backbones.counting import images_forwarded
from hybridml.backbones.loading import load_network
from hybridml.backbones.normalising import normalise
from hybridml.exceptions import InvalidParameterError, PrecisionWarning
from hybridml.testing import make_photos, register_tiny_backbone

PIXELS = make_photos(20, side=32)[0]


@pytest.fixture
def tiny() -> str:
    return register_tiny_backbone()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    "backbone", ["tiny", pytest.param("resnet18", marks=pytest.mark.slow)]
)
def test_a_row_does_not_depend_on_its_batch_mates(
    tiny: str, backbone: str, precision: str
) -> None:
    weights = "default" if backbone == "tiny" else None
    network = load_network(
        backbone, weights=weights, image_size=32, precision=precision
    )
    stages = network.stages
    together = network.features(PIXELS, stages, "mean")
    shuffled = network.features(PIXELS[::-1].copy(), stages, "mean")
    for stage in stages:
        np.testing.assert_array_equal(together[stage.name], shuffled[stage.name][::-1])
        for i in (0, 7, 19):
            alone = network.features(PIXELS[i : i + 1], (stage,), "mean")
            np.testing.assert_array_equal(alone[stage.name][0], together[stage.name][i])


def test_folding_batch_norm_changes_only_rounding(tiny: str) -> None:
    network = load_network("resnet18", weights=None, image_size=64, precision="fp32")
    pixels = make_photos(4, side=64)[0]
    folded = network.features(pixels, (network.stages[-1],), "mean")["logits"]
    with torch.inference_mode():
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        plain = network.trainable_copy()(normalise(images, network.preprocessing))
    np.testing.assert_allclose(folded, plain.numpy(), rtol=1e-3, atol=1e-4)


def test_bf16_features_agree_with_fp32_ones(tiny: str) -> None:
    rounded = load_network(tiny, precision="bf16")
    exact = load_network(tiny, precision="fp32")
    assert (rounded.precision, exact.precision) == ("bf16", "fp32")
    for stage in exact.stages:
        a = rounded.features(PIXELS, (stage,), "mean")[stage.name]
        b = exact.features(PIXELS, (stage,), "mean")[stage.name]
        assert not np.array_equal(a, b)
        np.testing.assert_allclose(a, b, atol=0.05 * np.abs(b).max())


def test_networks_are_shared_in_a_process(tiny: str) -> None:
    assert load_network(tiny) is load_network(tiny)
    assert load_network(tiny) is not load_network(tiny, image_size=48)


def test_random_weights_follow_the_seed(tiny: str) -> None:
    digests = {
        load_network(tiny, weights=None, random_state=seed).weights_digest
        for seed in (0, 1, 0)
    }
    assert len(digests) == 2


def test_forwarded_images_are_counted_without_the_padding(tiny: str) -> None:
    network = load_network(tiny)
    before = images_forwarded()
    network.features(PIXELS[:3], network.stages, "mean")
    assert images_forwarded() - before == 3


class _Overflowing(nn.Module):
    """Loses its small differences in bfloat16, as unnormalised networks do."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flat = nn.Flatten()
        self.fc = nn.Linear(4, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        flat = self.flat(self.pool(self.conv(images) + 1000.0)) - 1000.0
        return self.fc(flat)


def test_fp32_is_used_with_a_warning_where_bf16_is_off() -> None:
    stages = (Stage("penultimate", "sub", "vector"), Stage("logits", "fc", "vector"))
    size = Preprocessing(resize=16, crop=16)
    declared = Backbone("overflowing", _Overflowing, stages, size, min_image_size=8)
    register_backbone(declared, overwrite=True)
    with pytest.warns(PrecisionWarning, match="'overflowing' runs in float32"):
        network = load_network("overflowing", weights=None, precision="bf16")
    assert network.precision == "fp32"


def test_unusable_devices_and_sizes_are_named(tiny: str) -> None:
    with pytest.raises(InvalidParameterError, match="Got device='tpu9'; expected"):
        load_network(tiny, device="tpu9")
    with pytest.raises(InvalidParameterError, match="image_size=4; expected at least"):
        load_network(tiny, image_size=4)
    with pytest.raises(InvalidParameterError, match="Got precision='fp8'; expected"):
        load_network(tiny, precision="fp8")
    with pytest.raises(InvalidParameterError, match="'vit_b_16' takes no other size"):
        load_network("vit_b_16", weights=None, image_size=100)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_gpu_gives_the_features_of_the_cpu(tiny: str) -> None:
    on_gpu = load_network(tiny, device="cuda", precision="fp32")
    on_cpu = load_network(tiny, device="cpu", precision="fp32")
    for stage in on_cpu.stages:
        a = on_gpu.features(PIXELS, (stage,), "mean")[stage.name]
        b = on_cpu.features(PIXELS, (stage,), "mean")[stage.name]
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-3)
