"""The small networks are those of their papers, size for size."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.models.feature_extraction import create_feature_extractor

from hybridml.backbones.small import SMALL_BACKBONES
from hybridml.backbones.spec import Backbone

LENET, CONVNET = SMALL_BACKBONES


def cut(backbone: Backbone, size: int, n_classes: int = 10) -> dict[str, Tensor]:
    torch.manual_seed(0)
    network = backbone.build(n_classes).eval()
    nodes = {stage.node: stage.name for stage in backbone.stages}
    extractor = create_feature_extractor(network, nodes, suppress_diff_warning=True)
    with torch.inference_mode():
        return extractor.eval()(torch.randn(2, 3, size, size))


def n_parameters(backbone: Backbone, n_classes: int) -> int:
    return sum(p.numel() for p in backbone.build(n_classes).parameters())


def test_names() -> None:
    assert [backbone.name for backbone in SMALL_BACKBONES] == ["lenet5", "convnet3"]


def test_stages_of_lenet5_have_the_sizes_of_the_paper() -> None:
    shapes = {name: tuple(out.shape) for name, out in cut(LENET, 32).items()}
    assert shapes == {
        "conv1": (2, 6, 28, 28),
        "conv2": (2, 16, 10, 10),
        "fc1": (2, 120),
        "penultimate": (2, 84),
        "logits": (2, 10),
    }


def test_stages_of_convnet3_have_the_sizes_of_the_blog() -> None:
    shapes = {name: tuple(out.shape) for name, out in cut(CONVNET, 150, 2).items()}
    assert shapes == {
        "block1": (2, 32, 148, 148),
        "block2": (2, 32, 72, 72),
        "block3": (2, 64, 34, 34),
        "penultimate": (2, 64),
        "logits": (2, 2),
    }


def test_parameters_are_as_many_as_published() -> None:
    assert n_parameters(LENET, 10) == 62_006  # with three input channels
    assert n_parameters(CONVNET, 1) == 1_212_513


@pytest.mark.parametrize("backbone", SMALL_BACKBONES, ids=lambda b: b.name)
def test_every_stage_before_the_logits_is_rectified(backbone: Backbone) -> None:
    outputs = cut(backbone, backbone.preprocessing.crop)
    for name in backbone.stage_names[:-1]:
        assert float(outputs[name].min()) == 0.0, name
        assert float(outputs[name].max()) > 0.0, name
    assert float(outputs["logits"].min()) < 0.0


@pytest.mark.parametrize("size", [22, 64, 151, 300])
def test_convnet3_takes_images_of_other_sizes(size: int) -> None:
    assert cut(CONVNET, size)["logits"].shape == (2, 10)


def test_convnet3_refuses_images_below_its_smallest() -> None:
    assert CONVNET.min_image_size == 22
    with pytest.raises(RuntimeError, match="Output size is too small"):
        cut(CONVNET, 21)


def test_adapting_changes_nothing_at_the_size_of_the_blog() -> None:
    network = CONVNET.build(2).eval()
    maps = torch.randn(1, 64, 17, 17)
    assert torch.equal(network.adapt(maps), maps)


def test_lenet5_takes_no_other_size() -> None:
    assert LENET.fixed_image_size
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        cut(LENET, 36)


@pytest.mark.parametrize("backbone", SMALL_BACKBONES, ids=lambda b: b.name)
def test_the_whole_image_is_seen_between_minus_one_and_one(backbone: Backbone) -> None:
    preprocessing = backbone.preprocessing
    assert preprocessing.resize == preprocessing.crop
    assert preprocessing.mean == preprocessing.std == (0.5, 0.5, 0.5)
    assert backbone.fetch_default_weights is None


def test_one_seed_gives_one_network() -> None:
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(LENET.build(3).state_dict()["fc3.weight"])
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])
