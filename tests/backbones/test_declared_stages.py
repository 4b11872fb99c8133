"""Every built-in backbone has the stages, channels, strides and sizes of the table.

`declared_stages.txt` has a line for each kind of network: the names that share it, the
side of the input of the default weights in pixels, and the stages from the input to the
output. Maps read channels/stride@side, where the stride is the input's side over the
maps', rounded; tokens read channels x number of tokens; vectors read their length.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from hybridml.backbones import Stage, registry
from hybridml.backbones.cutting import cut_at
from hybridml.backbones.pooling import as_maps

# One of each family in the fast suite, the smallest.
SMALLEST = {
    *("alexnet", "convnet3", "convnext_tiny", "densenet121", "efficientnet_b0"),
    *("efficientnet_lite0", "efficientnet_v2_s", "googlenet", "inception_v3"),
    *("lenet5", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf"),
    *("regnet_y_400mf", "resnet18", "resnet50", "resnext50_32x4d"),
    *("shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t", "vgg11"),
    *("vgg16_bn", "vit_b_32", "wide_resnet50_2"),
}
LINES = Path(__file__).with_name("declared_stages.txt").read_text().splitlines()
TABLE = {
    name: cells.split()
    for names, cells in (line.split(": ") for line in LINES)
    for name in names.split()
}


NAMES = [
    pytest.param(name, marks=() if name in SMALLEST else pytest.mark.slow)
    for name in sorted(TABLE)
]


def describe_stage(stage: Stage, output: Tensor, size: int) -> str:
    if stage.layout == "tokens":
        return f"{stage.name}={output.shape[2]}x{output.shape[1]}"
    if stage.layout == "vector":
        return f"{stage.name}={output.shape[1]}"
    _, channels, height, width = as_maps(output, stage).shape
    assert height == width
    return f"{stage.name}={channels}/{round(size / height)}@{height}"


def test_the_table_has_every_built_in_backbone() -> None:
    assert set(TABLE) == set(registry._builtin())
    assert set(TABLE) > SMALLEST


@pytest.mark.parametrize("name", NAMES)
def test_stages_are_those_of_the_table(name: str) -> None:
    backbone = registry._builtin()[name]
    size = backbone.preprocessing.crop
    with torch.device("meta"), torch.no_grad():
        network = backbone.build(backbone.n_classes).eval()
        outputs = cut_at(network, backbone.stages)(torch.empty(1, 3, size, size))
    found = [describe_stage(s, outputs[s.node], size) for s in backbone.stages]
    assert [f"{size}px", *found] == TABLE[name]
