from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hybridml.backbones import Stage, get_backbone
from hybridml.backbones.pooling import POOLINGS, check_fits, check_pooling, pool
from hybridml.exceptions import InvalidParameterError

MAPS = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).view(2, 3, 4, 4)
AS_MAPS = Stage("stage1", "stage1", "maps")
AS_LAST = replace(AS_MAPS, layout="maps_last")
AS_TOKENS = replace(AS_MAPS, layout="tokens")
AS_VECTOR = replace(AS_MAPS, layout="vector")
OF_MAPS = [pooling for pooling in POOLINGS if pooling != "class_token"]


def random_maps(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def as_tokens(maps: torch.Tensor, n_prefix: int) -> torch.Tensor:
    prefix = torch.full((len(maps), n_prefix, maps.shape[1]), 1e6)
    return torch.cat([prefix, maps.flatten(2).transpose(1, 2)], dim=1)


def test_poolings_are_what_they_are_called() -> None:
    assert torch.equal(pool(MAPS, AS_MAPS, "mean"), MAPS.flatten(2).mean(2))
    assert torch.equal(pool(MAPS, AS_MAPS, "max"), MAPS.flatten(2).amax(2))
    both = torch.cat([MAPS.flatten(2).mean(2), MAPS.flatten(2).amax(2)], dim=1)
    assert torch.equal(pool(MAPS, AS_MAPS, "mean_max"), both)
    assert torch.equal(pool(MAPS, AS_MAPS, "flatten"), MAPS.flatten(1))


def test_gem_is_the_cube_root_of_the_mean_cube() -> None:
    maps = random_maps(2, 3, 5, 4)
    lifted = maps.double().clamp(min=1e-6)
    expected = (lifted**3).mean(dim=(2, 3)) ** (1 / 3)
    found = pool(maps, AS_MAPS, "gem")
    torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=0)
    assert (found > pool(maps, AS_MAPS, "mean")).all()
    assert (found < pool(maps, AS_MAPS, "max")).all()


@pytest.mark.parametrize(("pooling", "n_rows"), [("grid2", 2), ("grid4", 4)])
def test_grids_of_constant_maps_repeat_the_constants(pooling: str, n_rows: int) -> None:
    constants = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for side in (1, 3, 7, 8):
        maps = constants[:, :, None, None].expand(2, 3, side, side)
        expected = constants.repeat(1, n_rows**2)
        assert torch.equal(pool(maps, AS_MAPS, pooling), expected), side


def test_grids_go_cell_by_cell_from_the_top_left() -> None:
    cells = [MAPS[:, :, i : i + 2, j : j + 2] for i in (0, 2) for j in (0, 2)]
    expected = torch.cat([cell.mean(dim=(2, 3)) for cell in cells], dim=1)
    assert torch.equal(pool(MAPS, AS_MAPS, "grid2"), expected)
    pixels = MAPS.permute(0, 2, 3, 1).flatten(1)
    assert torch.equal(pool(MAPS, AS_MAPS, "grid4"), pixels)


@pytest.mark.parametrize("pooling", OF_MAPS)
def test_layouts_agree(pooling: str) -> None:
    expected = pool(MAPS, AS_MAPS, pooling)
    last = MAPS.permute(0, 2, 3, 1)
    torch.testing.assert_close(pool(last, AS_LAST, pooling), expected)
    for n_prefix in (0, 1, 2, 5):
        tokens = as_tokens(MAPS, n_prefix)
        stage = replace(AS_TOKENS, n_prefix_tokens=n_prefix)
        torch.testing.assert_close(pool(tokens, stage, pooling), expected)


@pytest.mark.parametrize("pooling", OF_MAPS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("shape", [(5, 16, 28, 28), (5, 192, 9, 7), (5, 8, 1, 1)])
def test_rows_do_not_depend_on_each_other_or_on_the_order_in_memory(
    pooling: str,
    dtype: torch.dtype,
    order: torch.memory_format,
    shape: tuple[int, ...],
) -> None:
    plain = random_maps(*shape).to(dtype)
    maps = plain.to(memory_format=order)
    together = pool(maps, AS_MAPS, pooling)
    assert together.dtype == torch.float32
    assert pool(maps[:0], AS_MAPS, pooling).shape == (0, together.shape[1])
    for i in range(len(maps)):
        assert torch.equal(pool(maps[i : i + 1], AS_MAPS, pooling)[0], together[i])
    exact = pool(plain.double(), AS_MAPS, pooling)
    scale = pool(plain.double().abs(), AS_MAPS, pooling)
    assert ((together - exact).abs() <= 1e-6 * scale).all()


def test_a_maximum_that_is_no_number_is_kept() -> None:
    for sign in (1.0, -1.0):
        maps = MAPS.clone().to(memory_format=torch.channels_last)
        maps[1, 2, 3, 0] = torch.copysign(torch.tensor(torch.nan), torch.tensor(sign))
        found = pool(maps, AS_MAPS, "max").isnan()
        assert found.nonzero().tolist() == [[1, 2]]


def test_the_class_token_is_the_first() -> None:
    tokens = random_maps(2, 7, 3)
    for n_prefix in (1, 2):
        stage = replace(AS_TOKENS, n_prefix_tokens=n_prefix)
        assert torch.equal(pool(tokens, stage, "class_token"), tokens[:, 0])


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_vector_is_left_alone(pooling: str) -> None:
    vector = torch.rand(2, 7, dtype=torch.bfloat16)
    assert torch.equal(pool(vector, AS_VECTOR, pooling), vector.float())


@pytest.mark.parametrize("stage", [AS_MAPS, AS_LAST])
def test_maps_have_no_class_token(stage: Stage) -> None:
    expected = (
        "Got pooling='class_token'; expected one that cut_layer='stage1' allows: "
        "it gives no class token. Pass pooling='mean'."
    )
    with pytest.raises(InvalidParameterError, match=expected):
        pool(MAPS, stage, "class_token")


def test_tokens_without_a_prefix_have_no_class_token() -> None:
    stage = replace(AS_TOKENS, n_prefix_tokens=0)
    with pytest.raises(InvalidParameterError, match="it gives no class token"):
        pool(random_maps(2, 9, 3), stage, "class_token")


def test_stages_with_a_class_token_are_named() -> None:
    backbone = get_backbone("vit_b_16")
    expected = (
        "cut_layer='stem' of 'vit_b_16' allows: it gives no class token. "
        "Cut at 'stage1', 'stage2', 'stage3' or 'stage4', or pass pooling='mean'"
    )
    with pytest.raises(InvalidParameterError, match=expected):
        check_fits(backbone.stages[0], "class_token", (768, 14, 14), backbone=backbone)


def test_tokens_that_form_no_square_have_no_grid() -> None:
    tokens = random_maps(2, 1 + 12, 3)
    expected = "cut_layer='stage1' allows: its 12 tokens form no square. Pass pooling="
    for pooling in ("grid2", "grid4"):
        with pytest.raises(InvalidParameterError, match=expected):
            pool(tokens, AS_TOKENS, pooling)
    mean = pool(tokens, AS_TOKENS, "mean")
    torch.testing.assert_close(mean, tokens[:, 1:].mean(dim=1))


def test_an_unknown_pooling_gets_a_suggestion() -> None:
    expected = "Got pooling='maen'; .* Did you mean 'mean'"
    with pytest.raises(InvalidParameterError, match=expected):
        check_pooling("maen")
