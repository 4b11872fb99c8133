"""Nothing behind the last output of a cut is computed, checks included."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

from hybridml.backbones.cutting import cut_at, names_before
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.trimming import drop_behind


class _Checked(nn.Module):
    """Two layers that look at the size of their input, as transformers' blocks do."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = nn.Linear(3, 3)
        self.third = nn.Linear(3, 3)

    def forward(self, rows: Tensor) -> Tensor:
        for layer in (self.first, self.second, self.third):
            torch._assert(rows.shape[-1] == 3, "Expected three columns")
            rows = layer(rows)
        return rows


def _cut(*nodes: str) -> nn.Module:
    extractor: nn.Module = create_feature_extractor(_Checked().eval(), list(nodes))
    return extractor


@pytest.mark.parametrize("training", [True, False])
def test_checks_behind_the_output_do_not_keep_what_they_look_at(training: bool) -> None:
    cut = _cut("first")
    assert {name.split(".")[0] for name in cut.state_dict()} == {"first", "second"}
    trimmed = drop_behind(cut).train(training)
    assert {name.split(".")[0] for name in trimmed.state_dict()} == {"first"}
    rows = torch.randn(2, 3)
    assert torch.equal(trimmed(rows)["first"], cut(rows)["first"])


def test_checks_before_the_output_are_kept() -> None:
    with pytest.raises(AssertionError, match="Expected three columns"):
        drop_behind(_cut("first"))(torch.zeros(2, 4))


def test_all_outputs_are_kept() -> None:
    trimmed = drop_behind(_cut("second", "first")).eval()
    assert set(trimmed(torch.zeros(2, 3))) == {"first", "second"}


def test_a_whole_network_stays_what_it_is() -> None:
    cut = _cut("third")
    assert drop_behind(cut) is cut


def test_parameters_are_shared_and_copies_have_their_own() -> None:
    cut = _cut("first")
    trimmed = drop_behind(cut)
    assert trimmed.first.weight is cut.first.weight
    copied = copy.deepcopy(trimmed).eval()
    assert copied.first.weight is not cut.first.weight
    assert set(copied(torch.zeros(2, 3))) == {"first"}


def test_a_vision_transformer_is_cut_at_its_blocks() -> None:
    vit = get_backbone("vit_b_32")
    with torch.device("meta"):
        module = vit.build(10).eval()
    names = names_before(module, vit.stages[1])
    blocks = {name.split(".")[2] for name in names if ".layers." in name}
    assert blocks == {"encoder_layer_0", "encoder_layer_1", "encoder_layer_2"}
    assert names_before(module, vit.stages[0]) == {"conv_proj.weight", "conv_proj.bias"}
    assert not cut_at(module, vit.stages[:1]).training
