"""The four ways to fuse, as the papers define them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from hybridml.fusion.intermediate.networks.attention import AttentionFusion
from hybridml.fusion.intermediate.networks.concatenation import Concatenation
from hybridml.fusion.intermediate.networks.gating import Gating
from hybridml.fusion.intermediate.networks.low_rank import LowRankFusion

N_NETWORKS, N_MODALITIES, N_ROWS, WIDTH = 2, 3, 5, 4


def _all_fusions() -> list[nn.Module]:
    torch.manual_seed(0)
    return [
        Concatenation(N_NETWORKS, N_MODALITIES, WIDTH),
        Gating(N_MODALITIES, WIDTH),
        LowRankFusion(N_NETWORKS, WIDTH, rank=2),
        AttentionFusion(N_NETWORKS, WIDTH, n_heads=2, dropout=0.0),
    ]


def _projected(fusion: nn.Module) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (N_NETWORKS, N_MODALITIES, N_ROWS, fusion.n_projected)
    return torch.randn(shape, generator=generator)


def _visible(*hidden: int) -> Tensor:
    visible = torch.ones(N_NETWORKS, N_MODALITIES, N_ROWS, 1, dtype=torch.bool)
    visible[:, list(hidden)] = False
    return visible


@pytest.mark.parametrize("fusion", _all_fusions(), ids=lambda f: type(f).__name__)
def test_a_hidden_modality_says_nothing(fusion: nn.Module) -> None:
    projected = _projected(fusion)
    other = projected.clone()
    other[:, 1] += 10.0
    seen = fusion(projected, _visible())
    assert seen.shape == (N_NETWORKS, N_ROWS, WIDTH)
    assert not torch.allclose(seen, fusion(other, _visible()))
    hidden = fusion(projected, _visible(1))
    assert torch.equal(hidden, fusion(other, _visible(1)))
    assert not torch.allclose(hidden, seen)


@pytest.mark.parametrize("fusion", _all_fusions(), ids=lambda f: type(f).__name__)
def test_a_row_that_shows_nothing_is_finite(fusion: nn.Module) -> None:
    assert fusion(_projected(fusion), _visible(0, 1, 2)).isfinite().all()


def test_gates_of_a_unit_sum_to_one_over_what_is_visible() -> None:
    fusion = Gating(N_MODALITIES, WIDTH)
    projected = _projected(fusion)
    projected[..., :WIDTH] = 100.0  # tanh of it is 1: what is left are the gates
    for visible in (_visible(), _visible(2)):
        torch.testing.assert_close(
            fusion(projected, visible), torch.ones(N_NETWORKS, N_ROWS, WIDTH)
        )


def test_two_gates_are_those_of_the_bimodal_unit() -> None:
    fusion = Gating(2, WIDTH)
    projected = torch.randn(1, 2, N_ROWS, fusion.n_projected)
    vectors, parts = projected.split([WIDTH, 2 * WIDTH], dim=-1)
    first, second = parts.sum(dim=1)[0].split(WIDTH, dim=-1)
    z = torch.sigmoid(first - second)
    expected = z * vectors[0, 0].tanh() + (1 - z) * vectors[0, 1].tanh()
    visible = torch.ones(1, 2, N_ROWS, 1, dtype=torch.bool)
    torch.testing.assert_close(fusion(projected, visible)[0], expected)


def test_low_rank_is_a_linear_layer_on_the_tensor_of_all_interactions() -> None:
    torch.manual_seed(0)
    rank = 3
    fusion = LowRankFusion(1, WIDTH, rank)
    fusion.shares.data.uniform_()
    a, b = torch.randn(2, N_ROWS, 6)
    factors = torch.randn(2, 6, rank, WIDTH)
    projected = torch.stack(
        [
            torch.einsum("ni,irw->nrw", rows, factor).flatten(1)
            for rows, factor in zip((a, b), factors, strict=True)
        ]
    )[None]
    # The 1 behind each vector, which the layer adds by itself, has weights of 1.
    ones = torch.ones(N_ROWS, 1)
    outer = torch.einsum("ni,nj->nij", torch.hstack([a, ones]), torch.hstack([b, ones]))
    extended = [torch.cat([f, torch.ones(1, rank, WIDTH)]) for f in factors]
    shares = fusion.shares[0, 0, :, 0]
    weight = torch.einsum("r,irw,jrw->ijw", shares, *extended)
    expected = torch.einsum("nij,ijw->nw", outer, weight)
    visible = torch.ones(1, 2, N_ROWS, 1, dtype=torch.bool)
    torch.testing.assert_close(fusion(projected, visible)[0], expected)


def test_concatenation_is_a_linear_layer_on_the_branches_side_by_side() -> None:
    branches = torch.randn(2, N_ROWS, 6)
    layers = [nn.Linear(6, WIDTH, bias=False) for _ in branches]
    projected = [layer(rows) for layer, rows in zip(layers, branches, strict=True)]
    whole = torch.hstack([layer.weight for layer in layers])
    visible = torch.ones(1, 2, N_ROWS, 1, dtype=torch.bool)
    fused = Concatenation(1, 2, WIDTH)(torch.stack(projected)[None], visible)
    torch.testing.assert_close(fused[0], torch.hstack(list(branches)) @ whole.T)


def test_attention_masks_what_is_hidden_and_asks_by_the_class_token() -> None:
    torch.manual_seed(0)
    fusion = AttentionFusion(1, WIDTH, n_heads=1, dropout=0.0)
    fusion.out.weight.data = torch.eye(WIDTH)[None]
    nn.init.zeros_(fusion.out.bias)
    nn.init.zeros_(fusion.mlp[-1].weight)
    nn.init.zeros_(fusion.mlp[-1].bias)
    projected = torch.randn(1, N_MODALITIES, N_ROWS, 2 * WIDTH)
    keys, values = projected[0, :2].split(WIDTH, dim=-1)
    query = fusion.class_token[0].expand(N_ROWS, 1, WIDTH)
    gathered = nn.functional.scaled_dot_product_attention(
        query, keys.transpose(0, 1), values.transpose(0, 1)
    )
    expected = fusion.class_token[0] + gathered[:, 0]
    fused = fusion(projected, _visible(2)[:1])
    torch.testing.assert_close(fused[0], expected)
