"""A search goes through each layer and head once, stages in the network's order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hybridml import DeepFeatureExtractor
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import (
    InvalidParameterError,
    UnknownBackboneError,
    UnknownCutLayerError,
    UnknownHeadError,
)
from hybridml.transfer.cases.search_space import list_heads_to_try, list_layers_to_try

TINY = DeepFeatureExtractor("tiny")


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        ("all", ["stem", "stage1", "penultimate"]),
        ("stage1", ["stage1"]),
        (["penultimate", "stem"], ["stem", "penultimate"]),
        (("stem", "stem"), ["stem"]),
        (["stage1.1", "logits", "stem"], ["stem", "logits", "stage1.1"]),
        (-2, ["penultimate"]),
        ([-1, 0, "stem"], ["stem", "logits"]),
    ],
)
def test_layers_are_listed_once_in_order(given: Any, listed: list[str]) -> None:
    assert list_layers_to_try(given, TINY) == listed


def test_all_layers_are_those_that_can_be_pooled() -> None:
    extractor = DeepFeatureExtractor("tiny", pooling="class_token")
    assert list_layers_to_try("all", extractor) == ["penultimate"]


@pytest.mark.parametrize("given", [["stem", ["stage1", -1]], [("stem", "stage1")]])
def test_a_list_in_the_list_is_refused(given: Any) -> None:
    expected = r"expected cut layers to choose from\. To join the features of several"
    with pytest.raises(InvalidParameterError, match=expected):
        list_layers_to_try(given, TINY)


def test_all_layers_are_those_that_the_weights_reach(tmp_path: Path) -> None:
    path, state = tmp_path / "lower.pth", get_backbone("tiny").build(10).state_dict()
    lower = {name: v for name, v in state.items() if not name.startswith("logits")}
    torch.save(lower, path)
    assert list_layers_to_try("all", DeepFeatureExtractor("tiny", weights=path)) == [
        "stem",
        "stage1",
        "penultimate",
    ]
    torch.save({n: v for n, v in lower.items() if n.startswith("stem")}, path)
    extractor = DeepFeatureExtractor("tiny", weights=path)
    assert list_layers_to_try("all", extractor) == ["stem"]


def test_parameters_are_checked_before_the_weights_are_looked_at() -> None:
    extractor = DeepFeatureExtractor("tiny", image_size="big")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="Got image_size='big'"):
        list_layers_to_try("all", extractor)


def test_unknown_layers_are_named() -> None:
    with pytest.raises(UnknownCutLayerError, match=r"'stage2'.* Did you mean 'stage1"):
        list_layers_to_try(["stem", "stage2"], TINY)
    with pytest.raises(UnknownBackboneError, match="Got backbone='tinny'"):
        list_layers_to_try("all", DeepFeatureExtractor("tinny"))


@pytest.mark.parametrize("nothing", [[], None, 0.5])
def test_at_least_one_is_asked_for(nothing: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"Got cut_layers=.*; expected one"):
        list_layers_to_try(nothing, TINY)
    with pytest.raises(InvalidParameterError, match=r"Got heads=.*; expected one"):
        list_heads_to_try(nothing)


def test_heads_are_listed_once_in_the_order_given() -> None:
    assert list_heads_to_try("ridge") == ["ridge"]
    assert list_heads_to_try(["ridge", "logistic", "ridge"]) == ["ridge", "logistic"]


def test_unknown_head_is_named() -> None:
    with pytest.raises(UnknownHeadError, match=r"'logstic'.* Did you mean 'logistic'"):
        list_heads_to_try(["linear_svm", "logstic"])
