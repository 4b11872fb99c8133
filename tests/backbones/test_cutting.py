from __future__ import annotations

import pytest
import torch

from hybridml.backbones.cutting import cut_at, find_stage
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import UnknownCutLayerError
from hybridml.testing import register_tiny_backbone


def test_nothing_behind_the_cut_is_kept() -> None:
    tiny = get_backbone(register_tiny_backbone())
    cut = cut_at(tiny.build(10), (find_stage(tiny, "stem"),))
    assert {name.split(".")[0] for name in cut.state_dict()} == {"stem"}


def test_any_node_of_the_graph_is_a_cut_layer() -> None:
    tiny = get_backbone(register_tiny_backbone())
    stage = find_stage(tiny, "stem.0")
    assert (stage.node, stage.layout) == ("stem.0", "maps")
    assert find_stage(tiny, "pool").layout == "maps"
    assert find_stage(get_backbone("resnet18"), "layer2.0.relu").layout == "maps"


def test_several_stages_come_from_one_pass() -> None:
    tiny = get_backbone(register_tiny_backbone())
    cut = cut_at(tiny.build(10).eval(), tiny.stages)
    outputs = cut(torch.zeros(2, 3, 32, 32))
    assert set(outputs) == {stage.node for stage in tiny.stages}


def test_an_unknown_cut_layer_gets_a_suggestion() -> None:
    resnet = get_backbone("resnet18")
    expected = "cut_layer='layer5'; .*Did you mean 'layer.'"
    with pytest.raises(UnknownCutLayerError, match=expected):
        find_stage(resnet, "layer5")


def test_a_node_that_gives_no_tensor_is_refused() -> None:
    shufflenet = get_backbone("shufflenet_v2_x0_5")
    with pytest.raises(UnknownCutLayerError, match="expected a node that gives one"):
        find_stage(shufflenet, "stage2.1.chunk")
