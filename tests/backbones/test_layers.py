"""Cut layers are listed with true sizes and with the costs that papers publish."""

from __future__ import annotations

import pandas as pd
import pytest
import torch
from torch import nn

from hybridml.backbones import registry
from hybridml.backbones.layers import list_cut_layers
from hybridml.backbones.registry import get_backbone, register_backbone
from hybridml.backbones.spec import Backbone, Preprocessing, Stage
from hybridml.exceptions import InvalidParameterError, UnknownBackboneError

COLUMNS = ["name", "node", "channels", "height", "width", "n_features", "gmacs"]


@pytest.fixture
def branched(monkeypatch: pytest.MonkeyPatch) -> str:
    """Register a network with two parallel branches, the second of twice the cost."""

    class Branched(nn.Module):
        def __init__(self, n_classes: int) -> None:
            super().__init__()
            self.left = nn.Conv2d(3, 4, 1)
            self.right = nn.Conv2d(3, 8, 1)
            self.top = nn.Linear(12, n_classes)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            left, right = self.left(images), self.right(images)
            joined = torch.cat([left, right], dim=1)
            return self.top(joined.mean((2, 3)))

    stages = (
        Stage("left", "left"),
        Stage("right", "right"),
        Stage("penultimate", "mean", "vector"),
        Stage("logits", "top", "vector"),
    )
    monkeypatch.setattr(registry, "_registered", {})
    register_backbone(
        Backbone("branched", Branched, stages, Preprocessing(10, 10), n_classes=5)
    )
    return "branched"


@pytest.mark.parametrize(
    ("name", "gmacs"),
    [
        ("resnet50", 4.089),
        ("mobilenet_v2", 0.301),
        ("vgg16", 15.470),
        ("vit_b_16", 17.564),
        ("swin_t", 4.491),
        ("googlenet", 1.498),
        ("efficientnet_lite0", 0.385),
    ],
)
def test_cost_of_the_whole_network_is_the_published_one(
    name: str, gmacs: float
) -> None:
    layers = list_cut_layers(name)
    assert layers["gmacs"].iloc[-1] == pytest.approx(gmacs, abs=5e-4)


def test_rows_are_the_declared_stages_in_order() -> None:
    layers = list_cut_layers("resnet18")
    assert list(layers.columns) == COLUMNS
    assert tuple(layers["name"]) == get_backbone("resnet18").stage_names
    assert layers["gmacs"].is_monotonic_increasing


def test_vectors_have_no_height_and_width() -> None:
    layers = list_cut_layers("resnet18").set_index("name")
    assert layers.loc["layer2", ["channels", "height", "width"]].tolist() == [
        128,
        28,
        28,
    ]
    assert layers.loc["logits", "n_features"] == 1000
    for column in ("height", "width"):
        assert isinstance(layers[column].dtype, pd.Int64Dtype)
        assert layers[column].isna().tolist() == [False] * 5 + [True] * 2


def test_channels_last_and_tokens_are_read_right() -> None:
    swin = list_cut_layers("swin_t").set_index("name")
    assert swin.loc["stage2", ["channels", "height", "width"]].tolist() == [192, 28, 28]
    vit = list_cut_layers("vit_b_16").set_index("name")
    assert vit.loc["stage2", "n_features"] == 768
    assert pd.isna(vit.loc["stage2", "height"])
    assert vit.loc["stem", "height"] == 14


def test_nothing_behind_the_cut_is_counted() -> None:
    stem = list_cut_layers("resnet50").set_index("name").loc["stem", "gmacs"]
    assert stem == pytest.approx(7 * 7 * 3 * 64 * 112 * 112 / 1e9)


def test_a_parallel_branch_is_not_counted(branched: str) -> None:
    macs = list_cut_layers(branched).set_index("name")["gmacs"] * 1e9
    assert macs["left"] == pytest.approx(3 * 4 * 100)
    assert macs["right"] == pytest.approx(3 * 8 * 100)
    assert macs["penultimate"] == pytest.approx(3 * 12 * 100)
    assert macs["logits"] == pytest.approx(3 * 12 * 100 + 12 * 5)


def test_image_size_changes_maps_and_cost() -> None:
    own = list_cut_layers("resnet18").set_index("name")
    double = list_cut_layers("resnet18", image_size=448).set_index("name")
    assert double.loc["layer4", "height"] == 2 * own.loc["layer4", "height"]
    ratio = double.loc["layer4", "gmacs"] / own.loc["layer4", "gmacs"]
    assert ratio == pytest.approx(4)


@pytest.mark.parametrize(
    "name",
    [
        "lenet5",
        pytest.param("swin_t", marks=pytest.mark.slow),
        pytest.param("shufflenet_v2_x0_5", marks=pytest.mark.slow),
    ],
)
def test_all_nodes_contain_the_stages_with_the_same_numbers(name: str) -> None:
    stages = list_cut_layers(name).set_index("name")
    nodes = list_cut_layers(name, all_nodes=True).set_index("name")
    assert nodes.index.is_unique
    assert len(nodes) > len(stages)
    same = stages.drop(columns="node")
    pd.testing.assert_frame_equal(nodes.loc[same.index, same.columns], same)


def test_all_nodes_are_features_of_the_images() -> None:
    nodes = list_cut_layers("vit_b_32", all_nodes=True)
    listed = set(nodes["node"])
    assert {"encoder.dropout", "heads.head"} <= listed
    assert not {"x", "class_token", "encoder.encoder_pos_embedding", "eq"} & listed


def test_listing_leaves_the_random_state_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    list_cut_layers("swin_t")
    assert torch.equal(torch.get_rng_state(), before)


def test_an_unknown_backbone_is_refused() -> None:
    with pytest.raises(UnknownBackboneError, match="Did you mean 'lenet5'"):
        list_cut_layers("lenet-5")


@pytest.mark.parametrize("image_size", [0, 31, 64.0, True, "64"])
def test_an_image_size_that_is_too_small_or_no_number_is_refused(
    image_size: object,
) -> None:
    message = r"Got image_size=.*; expected None or a whole number of at least 32"
    with pytest.raises(InvalidParameterError, match=message):
        list_cut_layers("vgg11", image_size=image_size)  # type: ignore[arg-type]


def test_another_image_size_is_refused_where_it_is_fixed() -> None:
    message = r"Got image_size=256; expected None or 224: 'vit_b_16' takes no other"
    with pytest.raises(InvalidParameterError, match=message):
        list_cut_layers("vit_b_16", image_size=256)
    assert len(list_cut_layers("vit_b_16", image_size=224)) == 7
