from __future__ import annotations

import pytest
import torch
from torch import nn

from hybridml.backbones.cutting import cut_at, for_inference
from hybridml.backbones.packed_convolution import PackedConvolution, has_onednn
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Stage

CPU = torch.device("cpu")
NETWORKS = ("resnet18", "efficientnet_lite0", "mobilenet_v3_small", "squeezenet1_1")
BIG_NETWORKS = (
    "mobilenet_v2",
    "efficientnet_b0",
    "densenet121",
    "googlenet",
    "shufflenet_v2_x0_5",
    "regnet_y_400mf",
    "convnext_tiny",
    "vgg11_bn",
    "swin_t",
)
needs_onednn = pytest.mark.skipif(not has_onednn(), reason="PyTorch lacks oneDNN")


def network(name: str, seed: int = 0) -> nn.Module:
    """Random weights, and batch norms that have seen something."""
    torch.manual_seed(seed)
    built = get_backbone(name).build(10).eval()
    for layer in built.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None:
            layer.running_mean.normal_(std=0.1)
            layer.running_var.uniform_(0.5, 2)
    return built


@pytest.mark.parametrize(
    "name",
    [*NETWORKS, *(pytest.param(n, marks=pytest.mark.slow) for n in BIG_NETWORKS)],
)
def test_every_stage_keeps_its_output(name: str) -> None:
    backbone = get_backbone(name)
    cut = cut_at(network(name), backbone.stages)
    fused = for_inference(cut, torch.float32, CPU)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        expected = cut(images)
        found = fused(images.to(memory_format=torch.channels_last))
    for node, output in expected.items():
        largest = float(output.abs().max())
        torch.testing.assert_close(
            found[node],
            output,
            rtol=0,
            atol=1e-4 * largest,
        )


@pytest.mark.parametrize("side", [63, 64])
def test_the_padding_of_tensorflow_is_part_of_the_convolution(side: int) -> None:
    backbone = get_backbone("efficientnet_lite0")
    cut = cut_at(network("efficientnet_lite0"), backbone.stages)
    fused = for_inference(cut, torch.float32, CPU)
    if has_onednn():
        names = {node.name for node in fused.graph.nodes}
        assert not any("pad" in name for name in names)
    images = torch.randn(2, 3, side, side)
    with torch.inference_mode():
        expected, found = cut(images), fused(images)
    for node, output in expected.items():
        largest = float(output.abs().max())
        torch.testing.assert_close(found[node], output, rtol=0, atol=1e-4 * largest)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "efficientnet_lite0"])
def test_no_batch_norm_is_left_behind_a_convolution(name: str) -> None:
    fused = for_inference(
        cut_at(network(name), get_backbone(name).stages), torch.bfloat16, CPU
    )
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in fused.modules())


@needs_onednn
def test_every_convolution_of_a_resnet_is_packed() -> None:
    stages = get_backbone("resnet18").stages
    fused = for_inference(cut_at(network("resnet18"), stages), torch.bfloat16, CPU)
    packed = [m for m in fused.modules() if isinstance(m, PackedConvolution)]
    assert len(packed) == 20
    assert not any(isinstance(layer, nn.ReLU) for layer in packed)


def test_an_output_before_its_activation_stays_before_it() -> None:
    nodes = ("layer1.0.bn1", "layer1.0.relu", "layer1.0.bn2", "layer1.0.relu_1")
    images = torch.randn(1, 3, 32, 32)
    together = cut_at(network("resnet18"), tuple(Stage(n, n) for n in nodes))
    with torch.inference_mode():
        found = for_inference(together, torch.float32, CPU)(images)
        for node in nodes:
            cut = cut_at(network("resnet18"), (Stage(node, node),))
            alone = for_inference(cut, torch.float32, CPU)(images)[node]
            torch.testing.assert_close(found[node], alone)
            assert bool((alone < 0).any()) == ("bn" in node)


def test_the_network_itself_is_not_changed() -> None:
    whole = network("resnet18")
    before = {name: value.clone() for name, value in whole.state_dict().items()}
    cut = cut_at(whole, get_backbone("resnet18").stages)
    for_inference(cut, torch.bfloat16, CPU)(torch.randn(1, 3, 32, 32).bfloat16())
    for name, value in whole.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert isinstance(whole.bn1, nn.BatchNorm2d)
