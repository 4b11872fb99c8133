"""A scope opens exactly the parameters it names."""

from __future__ import annotations

import pytest
from torch import nn

from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import UnknownCutLayerError
from hybridml.finetune.learning.freezing import check_trainable, freeze_all_but


def _learned(backbone: str, trainable: str) -> set[str]:
    """Names of the parameters that learn, without their last part."""
    declared = get_backbone(backbone)
    module: nn.Module = declared.build(declared.n_classes).eval()
    freeze_all_but(module, declared, trainable)
    names = [name for name, p in module.named_parameters() if p.requires_grad]
    return {name.rpartition(".")[0] for name in names}


@pytest.mark.parametrize(
    ("trainable", "learned"),
    [
        ("head", set()),
        ("last2", {"stage1.0", "stage1.1"}),
        ("stem", {"stage1.0", "stage1.1"}),
        ("stage1", set()),
        ("penultimate", set()),
        ("all", {"stem.0", "stem.1", "stage1.0", "stage1.1", "logits"}),
    ],
)
def test_scope_opens_its_parameters_and_no_others(
    trainable: str, learned: set[str]
) -> None:
    assert _learned("tiny", trainable) == learned


@pytest.mark.parametrize(
    ("backbone", "learned"),
    [
        ("lenet5", {"fc2"}),
        ("resnet18", {"layer4"}),
        ("mobilenet_v2", {"features.18"}),
        ("efficientnet_lite0", {"last_conv"}),
        ("squeezenet1_0", {"features.12"}),
    ],
)
def test_last2_opens_the_last_stage(backbone: str, learned: set[str]) -> None:
    found = _learned(backbone, "last2")
    assert found
    assert {_ancestor(name, learned) for name in found} == learned


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "layers", "norm"),
    [
        ("vit_b_32", "encoder.layers.encoder_layer_11", "encoder.ln"),
        ("convnext_tiny", "features.7", "classifier.0"),
        ("swin_t", "features.7", "norm"),
    ],
)
def test_last2_is_more_than_a_norm(backbone: str, layers: str, norm: str) -> None:
    found = _learned(backbone, "last2")
    assert norm in found
    assert any(name.startswith(layers) for name in found)


def test_a_cut_layer_opens_all_that_is_behind_it() -> None:
    found = {name.split(".")[0] for name in _learned("resnet18", "layer2")}
    assert found == {"layer3", "layer4"}


def test_a_block_of_a_transformer_opens_the_blocks_behind_it() -> None:
    blocks = {
        name.split(".")[2]
        for name in _learned("vit_b_32", "stage3")
        if name.startswith("encoder.layers")
    }
    assert blocks == {f"encoder_layer_{i}" for i in (9, 10, 11)}


def test_a_node_of_the_graph_opens_all_that_is_behind_it() -> None:
    found = {name.split(".")[0] for name in _learned("resnet18", "layer3.0.relu")}
    assert found == {"layer3", "layer4"}
    assert "layer3.0.conv1" not in _learned("resnet18", "layer3.0.relu")


@pytest.mark.parametrize(
    ("trainable", "message"),
    [
        ("lst2", r"Got trainable='lst2'; expected 'head', 'last2' or 'all', or a cut "),
        ("lst2", r"Did you mean 'last2'\? See list_cut_layers\('tiny'\)\."),
        ("stage2", r"Did you mean 'stage1'\?"),
        (2, r"Got trainable=2; expected"),
        (["head"], r"Got trainable=\['head'\]; expected"),
    ],
)
def test_unknown_scope_is_named(trainable: object, message: str) -> None:
    with pytest.raises(UnknownCutLayerError, match=message):
        check_trainable(get_backbone("tiny"), trainable)


def test_unknown_scope_freezes_nothing() -> None:
    declared = get_backbone("tiny")
    module = declared.build(2)
    with pytest.raises(UnknownCutLayerError, match="Got trainable='top'"):
        freeze_all_but(module, declared, "top")
    assert all(p.requires_grad for p in module.parameters())


def _ancestor(name: str, parts: set[str]) -> str:
    return next((part for part in parts if f"{name}.".startswith(f"{part}.")), name)
