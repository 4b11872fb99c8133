"""Parts of outputs are judged by themselves, with their weights."""

from __future__ import annotations

import torch

from hybridml.finetune.learning.tasks import Classification
from hybridml.fusion.intermediate.training.joint_task import JointTask

BASE = Classification(3)
TARGETS = torch.tensor([0, 2, 1, 1])


def test_losses_are_the_weighted_mean_of_the_parts() -> None:
    torch.manual_seed(0)
    parts = torch.randn(3, 4, 3)
    task = JointTask(BASE, (1.0, 1.0, 0.5))
    found = task.losses(parts.transpose(0, 1).flatten(1), TARGETS)
    each = torch.stack([BASE.losses(part, TARGETS) for part in parts])
    torch.testing.assert_close(found, (each[0] + each[1] + 0.5 * each[2]) / 2.5)


def test_a_single_part_is_judged_as_the_base_does() -> None:
    outputs = torch.randn(4, 3)
    task = JointTask(BASE, (1.0, 0.3))
    assert torch.equal(task.losses(outputs, TARGETS), BASE.losses(outputs, TARGETS))
    weights = torch.ones(4)
    assert task.score(outputs, TARGETS, weights) == BASE.score(
        outputs, TARGETS, weights
    )
