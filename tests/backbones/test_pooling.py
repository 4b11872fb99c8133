from __future__ import annotations

import pytest
import torch

from hybridml.backbones.pooling import check_pooling, pool
from hybridml.exceptions import InvalidParameterError

MAPS = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).view(2, 3, 4, 5)


def test_poolings_are_what_they_are_called() -> None:
    assert torch.equal(pool(MAPS, "maps", "mean"), MAPS.flatten(2).mean(2))
    assert torch.equal(pool(MAPS, "maps", "max"), MAPS.flatten(2).amax(2))
    both = torch.cat([MAPS.flatten(2).mean(2), MAPS.flatten(2).amax(2)], dim=1)
    assert torch.equal(pool(MAPS, "maps", "mean_max"), both)
    assert torch.equal(pool(MAPS, "maps", "flatten"), MAPS.flatten(1))


@pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "flatten"])
def test_layouts_agree(pooling: str) -> None:
    expected = pool(MAPS, "maps", pooling)
    last = MAPS.permute(0, 2, 3, 1)
    assert torch.allclose(pool(last, "maps_last", pooling), expected)
    class_token = torch.full((2, 1, 3), 1e6)
    tokens = torch.cat([class_token, MAPS.flatten(2).transpose(1, 2)], dim=1)
    assert torch.allclose(pool(tokens, "tokens", pooling), expected)


def test_a_vector_is_left_alone() -> None:
    vector = torch.rand(2, 7, dtype=torch.bfloat16)
    for pooling in ("mean", "max", "mean_max", "flatten"):
        assert torch.equal(pool(vector, "vector", pooling), vector.float())


def test_an_unknown_pooling_gets_a_suggestion() -> None:
    expected = "Got pooling='maen'; .* Did you mean 'mean'"
    with pytest.raises(InvalidParameterError, match=expected):
        check_pooling("maen")
