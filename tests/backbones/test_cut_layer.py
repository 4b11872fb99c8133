from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridml.backbones import get_backbone
from hybridml.backbones.cut_layer import name_cut_layers
from hybridml.exceptions import InvalidParameterError, UnknownCutLayerError

RESNET = get_backbone("resnet18")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("layer1", ("layer1",)),
        (0, ("stem",)),
        (-1, ("logits",)),
        (-2, ("penultimate",)),
        (np.int64(1), ("layer1",)),
        (["layer1"], ("layer1",)),
        (("layer3", 0, "layer1.0.relu"), ("layer3", "stem", "layer1.0.relu")),
    ],
)
def test_names_positions_and_lists_are_named(given: Any, named: tuple[str]) -> None:
    assert name_cut_layers(RESNET, given) == named


def test_positions_from_both_ends_are_all_the_stages() -> None:
    n = len(RESNET.stages)
    for positions in (range(n), range(-n, 0)):
        assert name_cut_layers(RESNET, list(positions)) == RESNET.stage_names


@pytest.mark.parametrize("position", [7, -8, 100])
def test_a_position_out_of_range_names_the_stages(position: int) -> None:
    expected = (
        f"Got cut_layer={position}; expected a position from -7 to 6. The stages of "
        "'resnet18' are 'stem', 'layer1', 'layer2', .*'penultimate', 'logits'"
    )
    for given in (position, ["stem", position]):
        with pytest.raises(UnknownCutLayerError, match=expected):
            name_cut_layers(RESNET, given)


@pytest.mark.parametrize("given", [None, True, 1.0, ["stem", ["layer1"]]])
def test_what_is_no_cut_layer_is_refused(given: Any) -> None:
    expected = "expected a name, a position, or a list of them. The stages of 'resnet18"
    with pytest.raises(UnknownCutLayerError, match=expected):
        name_cut_layers(RESNET, given)


def test_an_empty_list_is_refused() -> None:
    expected = r"Got cut_layer=\[\]; expected at least one cut layer in a list"
    with pytest.raises(InvalidParameterError, match=expected):
        name_cut_layers(RESNET, [])


@pytest.mark.parametrize("given", [["stem", "stem"], ("stem", "layer1", 0), [-1, 6]])
def test_a_layer_named_twice_is_refused(given: Any) -> None:
    expected = "expected each layer once. '(stem|logits)' is in it more than once"
    with pytest.raises(InvalidParameterError, match=expected):
        name_cut_layers(RESNET, given)
