"""What is cut out of a network is not changed by what runs after the cut."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hybridml.backbones.cutting import cut_at, for_inference
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Stage

IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


class Overwriting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.dropout = nn.Dropout()
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 4, 1)
        self.third = nn.Conv2d(4, 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.relu(self.dropout(self.first(images)))
        added = self.second(maps)
        added += maps
        return F.relu(self.third(added), inplace=True)


def test_all_ways_of_writing_in_place_spare_the_outputs() -> None:
    torch.manual_seed(0)
    network = Overwriting().eval()
    nodes = ("first", "second", "third", "relu_1")
    stages = tuple(Stage(node, node) for node in nodes)
    with torch.inference_mode():
        together = for_inference(cut_at(network, stages), torch.float32)(IMAGES)
        for stage in stages:
            alone = for_inference(cut_at(network, (stage,)), torch.float32)(IMAGES)
            torch.testing.assert_close(together[stage.node], alone[stage.node])
    assert float(together["first"].min()) < 0


def test_neighbouring_nodes_of_a_real_network_differ() -> None:
    network = get_backbone("resnet18").build(4).eval()
    stages = tuple(Stage(node, node) for node in ("bn1", "relu", "layer1"))
    with torch.inference_mode():
        outputs = for_inference(cut_at(network, stages), torch.float32)(IMAGES)
    assert float(outputs["bn1"].min()) < 0
    assert float(outputs["relu"].min()) == 0
