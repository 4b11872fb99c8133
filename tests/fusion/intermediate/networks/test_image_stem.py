"""A stem begins as the features of the frozen network, and learns from there."""

from __future__ import annotations

import copy
import pickle
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.pooling import pool
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Stage
from hybridml.exceptions import InvalidParameterError
from hybridml.fusion.intermediate.networks.image_stem import ImageStem
from hybridml.fusion.intermediate.training.block_preparer import BlockPreparer
from hybridml.fusion.modalities.block import Block

BACKBONE = get_backbone("resnet18")
BORDER, LAST_MAPS, END = BACKBONE.stages[-4], BACKBONE.stages[-3], BACKBONE.stages[-2]


@cache
def _network() -> nn.Module:
    """Build a network, whose weights no test may change."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return BACKBONE.build(10).eval()


def _maps_and_output(end: Stage) -> tuple[npt.NDArray[np.float32], torch.Tensor]:
    images = torch.rand(11, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    cut = cut_at(_network(), (BORDER, end))
    with torch.no_grad():
        outputs = cut(images)
    return outputs[BORDER.node].flatten(1).numpy(), outputs[end.node]


def _stem(end: Stage = END, pooling: str = "mean") -> ImageStem:
    return ImageStem(copy.deepcopy(_network()), BORDER, end, pooling, (256, 4, 4))


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_features_are_those_of_the_whole_network(pooling: str) -> None:
    maps, output = _maps_and_output(LAST_MAPS)
    found = _stem(LAST_MAPS, pooling).eval().features_of(maps)
    expected = pool(output, LAST_MAPS, pooling)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_scaling_is_what_the_features_would_have_gone_through() -> None:
    maps, output = _maps_and_output(END)
    features = output.flatten(1).double().numpy()
    block = Block(features, np.ones(len(features), dtype=bool))
    preparer = BlockPreparer(6, 0).fit(block)
    stem = _stem().eval()
    stem.scale_by(preparer.transform_features, features.shape[1])
    assert stem.n_out == 6
    expected = preparer.transform(block)
    np.testing.assert_allclose(stem.features_of(maps), expected, rtol=1e-3, atol=1e-3)
    assert not any(p.requires_grad for p in stem.scaling.parameters())


def test_rows_have_the_same_bits_in_any_company() -> None:
    maps, _ = _maps_and_output(END)
    stem = _stem().fused()
    alone = np.vstack([stem.features_of(maps[[i]]) for i in range(len(maps))])
    np.testing.assert_array_equal(alone, stem.features_of(maps))
    assert stem.features_of(maps[:0]).shape == (0, 512)


def test_fused_it_says_the_same_and_is_pickled() -> None:
    maps, _ = _maps_and_output(END)
    stem = _stem().eval()
    expected = stem.features_of(maps)
    stem = stem.fused()
    np.testing.assert_allclose(stem.features_of(maps), expected, rtol=1e-4, atol=1e-5)
    again = pickle.loads(pickle.dumps(stem))
    np.testing.assert_array_equal(again.features_of(maps), stem.features_of(maps))


def test_all_layers_behind_the_border_learn() -> None:
    stem = _stem().train()
    learned = {name for name, p in stem.named_parameters() if p.requires_grad}
    assert learned
    assert all(name.startswith("part.layer4") for name in learned)


def test_a_border_within_a_skip_connection_is_refused() -> None:
    inside = Stage("inside", "layer4.1.conv1")
    with pytest.raises(InvalidParameterError, match="does not divide at 'inside'"):
        ImageStem(_network(), inside, END, "mean", (512, 2, 2))
