"""Networks for whole rows and for rows with gaps do not cost each other anything."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybridml.fusion.intermediate.networks.fusion_network import METHODS, Architecture
from hybridml.fusion.intermediate.networks.joint_model import JointModel

WIDTHS, N_OUTPUTS = (3, 5), 2


def _model(method: str = "gated", widths: Any = WIDTHS, **options: Any) -> JointModel:
    torch.manual_seed(0)
    given: dict[str, Any] = {
        "has_own_for_gaps": True,
        "auxiliary_weight": 0.3,
        "modality_dropout": 0.0,
    }
    architecture = Architecture(
        method=method,
        n_networks=2,
        width=8,
        rank=2,
        n_heads=2,
        dropout=0.0,
        input_dropout=0.0,
    )
    return JointModel(architecture, widths, N_OUTPUTS, **{**given, **options})


def _packed(*present: tuple[int, ...], widths: Any = WIDTHS) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    rows = torch.randn(len(present), sum(widths), generator=generator)
    return torch.hstack([rows, torch.tensor(present, dtype=torch.float)])


@pytest.mark.parametrize("method", METHODS)
def test_each_kind_of_row_is_answered_by_its_own_networks(method: str) -> None:
    model = _model(method).eval()
    packed = _packed((1, 1), (1, 0), (0, 1))
    before = model(packed)
    with torch.no_grad():
        model.head.weight[2:] += 1.0  # of the networks for rows with gaps
    after = model(packed)
    assert torch.equal(before[0], after[0])
    assert not torch.isclose(before[1:], after[1:]).any()


def test_outputs_in_training_are_a_part_for_each_loss() -> None:
    model = _model().train()
    outputs = model(_packed((1, 1), (1, 1), (0, 1)))
    assert model.loss_weights == (1.0,) * 4 + (0.3, 0.3, 1.0, 1.0)
    assert outputs.shape == (3, 8 * N_OUTPUTS)


def test_networks_for_whole_rows_are_shown_all_of_them_first() -> None:
    model = _model(auxiliary_weight=0.0).train()
    packed = _packed((1, 1), (1, 1))
    shown = model(packed).unflatten(1, (8, N_OUTPUTS))[:, :2].mean(dim=1)
    torch.testing.assert_close(shown, model.eval()(packed))


def test_one_modality_needs_no_networks_for_gaps() -> None:
    model = _model(widths=(4,)).train()
    assert model.loss_weights == (1.0, 1.0)
    assert model(_packed((1,), widths=(4,))).shape == (1, 2 * N_OUTPUTS)


def test_without_networks_for_gaps_the_same_answer_for_all() -> None:
    model = _model(has_own_for_gaps=False).train()
    assert model.loss_weights == (1.0, 1.0, 0.3, 0.3)
    found = model.eval()(_packed((1, 1), (1, 0)))
    assert found.shape == (2, N_OUTPUTS)
    assert found.isfinite().all()
