"""``hybridml backbones`` and ``hybridml layers``."""

from __future__ import annotations

import pytest

from hybridml import list_backbones, list_cut_layers
from tests.cli.conftest import Typed


def test_backbones_are_one_a_line(typed: Typed) -> None:
    assert typed("backbones").out.splitlines() == list_backbones()


def test_backbones_as_json(typed: Typed) -> None:
    assert typed("backbones", "--json").json == list_backbones()


def test_layers_are_shown_with_shape_features_and_cost(typed: Typed) -> None:
    lines = typed("layers", "lenet5").out.splitlines()
    assert lines[0].split() == ["cut", "layer", "node", "shape", "features", "gmacs"]
    rows = [line.split() for line in lines[2:]]
    assert rows[0][0] == "conv1"
    assert rows[0][2:] == ["6", "x", "28", "x", "28", "6", "0.000"]
    assert rows[-1][0] == "logits"
    assert rows[-1][2:] == ["1000", "1,000", "0.001"]


def test_layers_as_json(typed: Typed) -> None:
    rows = typed("layers", "lenet5", "--json").json
    table = list_cut_layers("lenet5")
    assert [row["name"] for row in rows] == table["name"].tolist()
    assert rows[-1]["height"] is None


def test_layers_at_another_size(typed: Typed) -> None:
    shown = typed("layers", "convnet3", "--image-size", "64")
    assert "32 x 62 x 62" in shown.out


def test_unknown_backbone_is_4_with_a_suggestion(typed: Typed) -> None:
    left = typed("layers", "lenet")
    assert (left.code, left.out) == (4, "")
    assert "Did you mean 'lenet5'" in left.err
    assert "All names: hybridml backbones" in left.err


def test_backbones_of_a_pattern(typed: Typed) -> None:
    found = typed("backbones", "vgg1?").out.split()
    assert found == ["vgg11", "vgg13", "vgg16", "vgg19"]


def test_backbones_of_timm_are_listed_when_asked_for(typed: Typed) -> None:
    pytest.importorskip("timm")
    assert "timm:resnet18" in typed("backbones", "timm:resnet*").out.splitlines()
    assert "timm:" not in typed("backbones").out


def test_classics_are_listed_with_their_year(typed: Typed) -> None:
    lines = typed("backbones", "--classics").out.splitlines()
    assert lines[0].split() == ["LeNet-5", "1998", "lenet5"]
    assert any(line.endswith(" timm:legacy_xception") for line in lines)
    assert "alexnet" in typed("backbones", "--classics", "--json").json
