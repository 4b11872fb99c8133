"""timm's networks are backbones by name: cut, preprocessed and loaded as timm says."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest
import torch
from torch import nn

from hybridml import DeepFeatureExtractor
from hybridml._optional import MissingPackageError
from hybridml.backbones import get_backbone, list_backbones, list_cut_layers
from hybridml.backbones.cutting import cut_at, find_stage, for_inference
from hybridml.backbones.norm_act import split_norm_act
from hybridml.backbones.spec import Backbone
from hybridml.backbones.timm_networks import timm_backbone, timm_names
from hybridml.backbones.weights import load_weights
from hybridml.exceptions import UnknownBackboneError, WeightsError
from hybridml.finetune.learning.freezing import freeze_all_but
from hybridml.testing import make_photos

timm = pytest.importorskip("timm")

# One of each kind: plain, folded norm and activation, padded as TensorFlow does,
# tokens with one, two and no prefix tokens, channels last, no graph.
KINDS = {
    "resnet10t": ("maps", None),
    "densenet121": ("maps", None),
    "tf_mobilenetv3_small_minimal_100": ("maps", None),
    "vit_tiny_patch16_224": ("tokens", 1),
    "deit_tiny_distilled_patch16_224": ("tokens", 2),
    "mixer_s32_224": ("tokens", 0),
    "swin_tiny_patch4_window7_224": ("maps_last", None),
    "convnext_atto": ("maps", None),
    "samvit_base_patch16_224": ("maps_last", None),
}
BIG = {"densenet121", "swin_tiny_patch4_window7_224", "samvit_base_patch16_224"}
RANKS = {"maps": 4, "maps_last": 4, "tokens": 3, "vector": 2}


def on_meta(backbone: Backbone, n_classes: int = 7) -> nn.Module:
    with torch.device("meta"):
        return backbone.build(n_classes).eval()


def images_of(backbone: Backbone, *, device: str = "cpu") -> torch.Tensor:
    size = backbone.preprocessing.crop
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 3, size, size, generator=generator).to(device)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in BIG else ()) for n in KINDS]
)
def test_every_stage_gives_what_its_layout_says(name: str) -> None:
    backbone = get_backbone(f"timm:{name}")
    assert backbone.stage_names[-2:] == ("penultimate", "logits")
    assert backbone.stage_names[0] == "stage1"
    outputs = cut_at(on_meta(backbone), backbone.stages)(images_of(backbone).to("meta"))
    for stage in backbone.stages[:-1]:
        assert outputs[stage.node].ndim == RANKS[stage.layout], stage
    assert outputs["logits"].shape == (1, 7)
    layout, n_prefix_tokens = KINDS[name]
    assert {stage.layout for stage in backbone.stages[:-2]} == {layout}
    if n_prefix_tokens is not None:
        found = {stage.n_prefix_tokens for stage in backbone.stages[:-2]}
        assert found == {n_prefix_tokens}


@pytest.mark.parametrize(
    "name",
    [
        "resnet10t",
        pytest.param("densenet121", marks=pytest.mark.slow),
        pytest.param("mixer_s32_224", marks=pytest.mark.slow),
    ],
)
def test_features_are_those_of_timms_own_network(name: str) -> None:
    backbone = get_backbone(f"timm:{name}")
    theirs = timm.create_model(name, num_classes=5).eval()
    ours = backbone.build(5).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    images = images_of(backbone)
    fast = for_inference(cut_at(ours, backbone.stages), torch.float32)
    with torch.inference_mode():
        outputs = fast(images)
        before_logits = theirs.forward_head(theirs.forward_features(images), True)
        torch.testing.assert_close(
            outputs["penultimate"], before_logits, rtol=1e-4, atol=1e-5
        )
        torch.testing.assert_close(
            outputs["logits"], theirs(images), rtol=1e-4, atol=1e-5
        )
        for stage in backbone.stages:
            alone = cut_at(ours, (stage,))(images)[stage.node]
            torch.testing.assert_close(outputs[stage.node], alone, rtol=1e-4, atol=1e-4)


def test_distilled_features_are_the_mean_of_both_tokens() -> None:
    backbone = get_backbone("timm:deit_tiny_distilled_patch16_224")
    network = backbone.build(5).eval()
    images = images_of(backbone)
    with torch.inference_mode():
        penultimate = cut_at(network, backbone.stages[-2:-1])(images)["penultimate"]
        tokens = network.forward_features(images)
    torch.testing.assert_close(penultimate, tokens[:, :2].mean(dim=1))


def test_norms_that_activate_are_folded_with_their_activation() -> None:
    backbone = get_backbone("timm:densenet121")
    cut = cut_at(backbone.build(5).eval(), backbone.stages[:1])
    ready = for_inference(cut, torch.float32)
    kinds = [type(module) for module in ready.modules()]
    assert nn.BatchNorm2d not in kinds
    output = ready(images_of(backbone))[backbone.stages[0].node]
    assert float(output.min()) == 0  # it is still activated
    # Which is no accident: without being taken apart it would not be folded.
    assert any(isinstance(m, nn.BatchNorm2d) for m in split_norm_act(cut).modules())


def test_extractor_runs_on_a_network_of_timm() -> None:
    X, _ = make_photos(3)
    extractor = DeepFeatureExtractor("timm:resnet10t", weights=None, image_size=32)
    features = extractor.fit_transform(X)
    assert features.shape == (3, 512)
    assert extractor.get_feature_names_out()[0] == "timm:resnet10t_penultimate_0"
    first = extractor.set_params(cut_layer="stage1").transform(X)
    assert first.shape == (3, 64)


def test_preprocessing_is_that_of_timms_weights() -> None:
    configuration = timm.get_pretrained_cfg("vit_tiny_patch16_224")
    backbone = get_backbone("timm:vit_tiny_patch16_224")
    found = backbone.preprocessing
    assert (found.resize, found.crop, found.interpolation) == (248, 224, "bicubic")
    assert (found.mean, found.std) == (configuration.mean, configuration.std)
    assert backbone.fixed_image_size
    assert not get_backbone("timm:resnet10t").fixed_image_size
    tagged = get_backbone("timm:resnet18.fb_swsl_ig1b_ft_in1k").preprocessing
    assert (tagged.resize, tagged.interpolation) == (256, "bilinear")


def test_blocks_of_one_resolution_are_declared_by_quarters() -> None:
    stages = get_backbone("timm:vit_tiny_patch16_224").stages
    nodes = [stage.node for stage in stages[:-2]]
    assert nodes == ["blocks.2", "blocks.5", "blocks.8", "blocks.11"]


def test_cut_layers_are_listed_with_their_cost() -> None:
    table = list_cut_layers("timm:mobilenetv1_100").set_index("name")
    assert table.loc["stage5", "channels"] == 1024
    assert table.loc["logits", "gmacs"] == pytest.approx(0.569, abs=0.01)


@pytest.mark.slow
def test_a_network_without_a_graph_is_cut_at_its_modules() -> None:
    backbone = get_backbone("timm:samvit_base_patch16_224")
    table = list_cut_layers(backbone.name).set_index("name")
    assert table["gmacs"].is_monotonic_increasing
    assert table.loc["stage1", "gmacs"] < table.loc["logits", "gmacs"] / 2
    assert find_stage(backbone, "blocks.0").layout == "maps"
    network = on_meta(backbone)
    freeze_all_but(network, backbone, "stage1")
    free = {n for n, p in network.named_parameters() if p.requires_grad}
    assert {".".join(n.split(".")[:2]) for n in free} >= {"blocks.3", "blocks.11"}
    assert not any(n.startswith(("patch_embed", "blocks.0", "blocks.2")) for n in free)


def test_unknown_networks_of_timm_get_a_suggestion() -> None:
    message = "Got backbone='timm:resnet10x'; expected a network of timm.*Did you mean"
    with pytest.raises(UnknownBackboneError, match=message):
        get_backbone("timm:resnet10x")
    with pytest.raises(UnknownBackboneError, match=r"'timm:resnet18\.a9_in1k'"):
        get_backbone("timm:resnet18.a9_in1k")


def test_a_name_of_timms_without_its_prefix_is_recognised() -> None:
    with pytest.raises(UnknownBackboneError, match="Did you mean 'timm:resnet26d'"):
        get_backbone("resnet26d")


def test_networks_of_timm_are_listed_only_when_asked_for() -> None:
    assert not any(name.startswith("timm:") for name in list_backbones())
    assert list_backbones("timm:resnet18*") == ["timm:resnet18", "timm:resnet18d"]
    assert list_backbones("resnet18") == ["resnet18"]
    assert len(timm_names()) > 1000


def test_a_declaration_is_made_once() -> None:
    assert timm_backbone("timm:resnet10t") is get_backbone("timm:resnet10t")


def test_weights_that_cannot_be_fetched_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backbone = get_backbone("timm:resnet10t")

    def fail(*args: object, **kwargs: object) -> None:
        raise FileNotFoundError("cannot reach the hub")

    monkeypatch.setattr(timm, "create_model", fail)
    message = "weights 'default' of 'timm:resnet10t': cannot reach.*weights=None"
    with pytest.raises(WeightsError, match=message):
        load_weights(backbone, "default")


def test_default_weights_are_what_timm_downloads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backbone = get_backbone("timm:resnet10t")
    published = timm.create_model("resnet10t")

    def create(name: str, *, pretrained: bool = False, **options: int) -> nn.Module:
        return published if pretrained else original(name, **options)

    original = timm.create_model
    monkeypatch.setattr(timm, "create_model", create)
    loaded = load_weights(backbone, "default")
    torch.testing.assert_close(
        dict(loaded.module.state_dict()), dict(published.state_dict())
    )
    assert loaded.missing == frozenset()


def test_a_network_without_published_weights_says_so() -> None:
    names = timm.list_models()
    bare = next(n for n in names if not timm.get_pretrained_cfg(n).has_weights)
    with pytest.raises(WeightsError, match="has no published weights"):
        load_weights(get_backbone(f"timm:{bare}"), "default")


def test_a_missing_timm_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    timm_backbone.cache_clear()

    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("hybridml._optional.metadata.version", version)
    cure = r"The backbone 'timm:resnet18' needs the package 'timm'.*hybridml\[timm\]"
    with pytest.raises(MissingPackageError, match=cure):
        get_backbone("timm:resnet18")
    with pytest.raises(MissingPackageError, match="Listing its networks needs"):
        list_backbones("timm:*")


def test_a_timm_that_loads_pickled_code_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timm, "__version__", "1.0.25")
    with pytest.raises(MissingPackageError, match=r"needs timm 1\.0\.26 or newer"):
        list_backbones("timm:*")
    monkeypatch.setattr(timm, "__version__", "1.1.0.dev0")
    assert list_backbones("timm:resnet18") == ["timm:resnet18"]


@pytest.mark.slow
def test_timm_is_not_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys; from hybridml.backbones import get_backbone; "
        "from hybridml import DeepFeatureExtractor; get_backbone('resnet18'); "
        "sys.exit('timm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
