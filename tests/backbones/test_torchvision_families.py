"""Every torchvision network is cut, preprocessed and loaded as its table says."""

from __future__ import annotations

import pickle
import shutil
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import get_model, list_models
from torchvision.models.feature_extraction import create_feature_extractor

from hybridml.backbones.spec import Backbone, Preprocessing
from hybridml.backbones.torchvision_families import torchvision_backbones
from hybridml.backbones.torchvision_networks import rename_old_keys
from hybridml.backbones.torchvision_stages import family_of

BACKBONES = {backbone.name: backbone for backbone in torchvision_backbones()}
RANKS = {"maps": 4, "maps_last": 4, "tokens": 3, "vector": 2}
IN_THE_FAST_SUITE = {
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "mnasnet0_5",
    "mobilenet_v2",
    "regnet_y_400mf",
    "resnet18",
    "squeezenet1_0",
    "swin_t",
    "vgg11",
    "vit_b_16",
}
ALL = [
    pytest.param(n, marks=[] if n in IN_THE_FAST_SUITE else [pytest.mark.slow])
    for n in BACKBONES
]


def on_meta(backbone: Backbone, n_classes: int = 1000) -> nn.Module:
    with torch.device("meta"):
        return backbone.build(n_classes).eval()


@cache
def shared_network(name: str) -> nn.Module:
    """Build a network of seven classes once for all the tests that only look at it."""
    return on_meta(BACKBONES[name], n_classes=7)


@cache
def shared_outputs(name: str) -> dict[str, Tensor]:
    size = BACKBONES[name].preprocessing.crop
    images = torch.empty(2, 3, size, size, device="meta")
    return cut(BACKBONES[name], shared_network(name), images)


def cut(backbone: Backbone, network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    nodes = {stage.node: stage.name for stage in backbone.stages}
    extractor = create_feature_extractor(network, nodes, suppress_diff_warning=True)
    return extractor.eval()(images)


def passes(network: nn.Module, size: int) -> bool:
    try:
        network(torch.empty(1, 3, size, size, device="meta"))
    except (RuntimeError, AssertionError, ValueError):
        return False
    return True


def side(output: Tensor, layout: str) -> int:
    """Rows of the maps; 1 for what has no rows."""
    axes = {"maps": 2, "maps_last": 1}
    return output.shape[axes[layout]] if layout in axes else 1


def write_checkpoint(
    content: object, file_name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put a file where torch looks before it downloads."""
    monkeypatch.setenv("TORCH_HOME", str(home))
    folder = home / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(content, folder / file_name)


def test_names_are_those_of_torchvision() -> None:
    assert list(BACKBONES) == list_models(module=torchvision.models)
    assert len(BACKBONES) >= 80


def test_listing_builds_no_network_and_is_fast() -> None:
    start = time.perf_counter()
    torchvision_backbones()
    assert time.perf_counter() - start < 0.3


def test_a_network_of_an_unknown_family_has_none() -> None:
    assert family_of("capsnet_b3") is None


@pytest.mark.parametrize("name", ALL)
def test_every_stage_gives_what_its_layout_says(name: str) -> None:
    backbone, outputs = BACKBONES[name], shared_outputs(name)
    assert list(outputs) == list(backbone.stage_names)
    assert backbone.stage_names[-2:] == ("penultimate", "logits")
    for stage in backbone.stages:
        assert outputs[stage.name].ndim == RANKS[stage.layout], stage
        assert outputs[stage.name].shape[0] == 2, stage
    sides = [side(outputs[s.name], s.layout) for s in backbone.stages]
    assert sides == sorted(sides, reverse=True)
    assert outputs["penultimate"].ndim == 2
    assert outputs["logits"].shape == (2, 7)


@pytest.mark.parametrize(
    "name", [p for p in ALL if not p.values[0].startswith("squeezenet")]
)
def test_penultimate_is_what_the_last_layer_is_given(name: str) -> None:
    network = shared_network(name)
    (last,) = (
        module
        for module in network.modules()
        if isinstance(module, nn.Linear)
        and module.out_features == 7
        and not (name in ("googlenet", "inception_v3") and module is not network.fc)
    )
    assert shared_outputs(name)["penultimate"].shape[1] == last.in_features


@pytest.mark.parametrize("name", ALL)
def test_the_smallest_image_size_is_the_smallest_that_passes(name: str) -> None:
    backbone, network = BACKBONES[name], shared_network(name)
    least, own = backbone.min_image_size, backbone.preprocessing.crop
    assert passes(network, least)
    if backbone.fixed_image_size:
        assert least == own
        assert not any(passes(network, size) for size in (own // 2, own - 32))
    else:
        assert least == 1 or not passes(network, least - 1)
    assert passes(network, own + 32) != backbone.fixed_image_size


@pytest.mark.parametrize("name", ALL)
def test_a_plain_state_dict_loads_strictly(name: str) -> None:
    network = shared_network(name)
    state = dict(network.state_dict())  # without the metadata that torch.save keeps
    network.load_state_dict(state, strict=True)
    del state[next(iter(state))]
    with pytest.raises(RuntimeError, match="Missing key"):
        network.load_state_dict(state, strict=True)


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1"])
def test_a_stage_is_the_same_cut_alone_or_with_the_others(name: str) -> None:
    backbone = BACKBONES[name]
    network = backbone.build(5).eval()
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        together = cut(backbone, network, images)
        for stage in backbone.stages:
            alone = cut(replace(backbone, stages=(stage,)), network, images)
            torch.testing.assert_close(alone[stage.name], together[stage.name])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("googlenet", {"init_weights": False, "transform_input": True}),
        ("squeezenet1_1", {}),
    ],
)
def test_logits_are_those_of_torchvisions_own_network(
    name: str, options: dict[str, bool]
) -> None:
    backbone = BACKBONES[name]
    ours = backbone.build(6).eval()
    theirs = get_model(name, weights=None, num_classes=6, **options).eval()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits = cut(backbone, ours, images)["logits"]
        torch.testing.assert_close(logits, theirs(images))
        torch.testing.assert_close(ours(images), theirs(images))


def test_penultimate_of_squeezenet_is_the_mean_of_its_last_maps() -> None:
    backbone = BACKBONES["squeezenet1_1"]
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        outputs = cut(backbone, backbone.build(3).eval(), images)
    expected = outputs["stage3"].mean(dim=(2, 3))
    torch.testing.assert_close(outputs["penultimate"], expected)


@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet"])
def test_one_seed_gives_one_network(name: str) -> None:
    states = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        states.append(BACKBONES[name].build(4).state_dict())
    first, again, other = states
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_a_vision_transformer_takes_on_the_image_size_of_its_weights() -> None:
    backbone = BACKBONES["vit_b_16"]
    larger = backbone.named_weights["IMAGENET1K_SWAG_E2E_V1"].preprocessing.crop
    with torch.device("meta"):
        state = get_model("vit_b_16", weights=None, image_size=larger).state_dict()
    network = on_meta(backbone)
    assert not passes(network, larger)
    network.load_state_dict(state, strict=True)
    assert passes(network, larger)
    assert not passes(network, backbone.preprocessing.crop)


def test_a_vision_transformer_refuses_weights_of_another_width() -> None:
    with torch.device("meta"):
        state = get_model("vit_l_16", weights=None).state_dict()
    with pytest.raises(RuntimeError, match=r"size mismatch for encoder\.pos_embedding"):
        on_meta(BACKBONES["vit_b_16"]).load_state_dict(state, strict=False)


def test_vit_h_14_is_built_for_its_default_weights() -> None:
    backbone = BACKBONES["vit_h_14"]
    assert backbone.preprocessing.crop == 518
    assert on_meta(backbone).image_size == 518


def test_default_weights_bring_their_own_preprocessing() -> None:
    assert BACKBONES["resnet50"].preprocessing == Preprocessing(resize=232)
    assert BACKBONES["efficientnet_v2_l"].preprocessing == Preprocessing(
        480, 480, "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
    )
    assert BACKBONES["inception_v3"].preprocessing == Preprocessing(342, 299)


def test_named_weights_bring_their_own_preprocessing_and_file_name() -> None:
    named = BACKBONES["resnet50"].named_weights
    assert list(named) == ["IMAGENET1K_V1", "IMAGENET1K_V2"]
    assert named["IMAGENET1K_V1"].preprocessing == Preprocessing(resize=256)
    assert named["IMAGENET1K_V1"].file_name == "resnet50-0676ba61.pth"
    swag = BACKBONES["regnet_y_16gf"].named_weights["IMAGENET1K_SWAG_E2E_V1"]
    assert swag.preprocessing == Preprocessing(384, 384, "bicubic")


def test_categories_need_no_download() -> None:
    fetch = BACKBONES["resnet18"].fetch_categories
    assert fetch is not None
    categories = fetch()
    assert len(categories) == 1000
    assert (categories[0], categories[-1]) == ("tench", "toilet tissue")


def test_a_backbone_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(BACKBONES["resnet18"]))
    assert again.stages == BACKBONES["resnet18"].stages
    assert on_meta(again, n_classes=3).fc.out_features == 3


def test_old_parameter_names_of_densenet_are_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = BACKBONES["densenet121"]
    network = backbone.build(1000)
    old = {}
    for name, value in network.state_dict().items():
        for layer in ("norm1", "norm2", "conv1", "conv2"):
            if "denselayer" in name:
                name = name.replace(layer, f"{layer[:-1]}.{layer[-1]}")
        old[name] = value
    assert set(old) != set(network.state_dict())
    write_checkpoint(old, "densenet121-a639ec97.pth", tmp_path, monkeypatch)

    network.load_state_dict(old, strict=True)
    assert backbone.fetch_default_weights is not None
    fetched = backbone.fetch_default_weights()
    assert set(fetched) == set(network.state_dict())


def test_renaming_leaves_other_networks_alone() -> None:
    state = dict(on_meta(BACKBONES["resnet18"]).state_dict())
    before = list(state)
    rename_old_keys(state)
    assert list(state) == before


def test_weights_with_code_in_them_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_name = "squeezenet1_1-b8a52dc0.pth"
    write_checkpoint({"w": Path("code")}, file_name, tmp_path, monkeypatch)
    fetch = BACKBONES["squeezenet1_1"].fetch_default_weights
    assert fetch is not None
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        fetch()


def test_published_weights_load_strictly(
    shared_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = BACKBONES["mobilenet_v2"]
    named = backbone.named_weights["IMAGENET1K_V1"]
    assert named.file_name is not None
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    shutil.copy(shared_weights / named.file_name, folder)
    state = named.fetch()
    backbone.build(1000).load_state_dict(state, strict=True)
    assert float(state["classifier.1.weight"].std()) > 0


@pytest.mark.slow
def test_logits_of_a_vision_transformer_are_those_of_torchvisions_own() -> None:
    backbone = BACKBONES["vit_b_32"]
    theirs = get_model("vit_b_32", weights=None, num_classes=6).eval()
    nn.init.normal_(theirs.heads.head.weight)  # torchvision starts it at zero
    ours = backbone.build(6).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(
            cut(backbone, ours, images)["logits"], theirs(images)
        )
