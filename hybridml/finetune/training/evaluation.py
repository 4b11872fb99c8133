"""How good a model is on the images that are held out."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hybridml.finetune.feeding.batches import Batches
from hybridml.finetune.feeding.inputs import PLAIN
from hybridml.finetune.feeding.training_data import TrainingData
from hybridml.finetune.learning.tasks import Task
from hybridml.finetune.learning.trainable import Trainable
from hybridml.finetune.parallel.group import ALONE, Group
from hybridml.finetune.training.settings import Settings

_ROWS = 64


@torch.inference_mode()
def evaluate(
    model: Trainable,
    task: Task,
    inputs: Batches,
    data: TrainingData,
    settings: Settings,
    group: Group = ALONE,
) -> tuple[dict[str, float], Tensor]:
    """Measure the loss and the score of the held-out part; NaN where there is none.

    Returns
    -------
    row : dict of {str: float}
    losses : Tensor of shape (n_held_out,)
    """
    if not len(data.held_out):
        return {"valid_loss": math.nan, task.score_name: math.nan}, torch.empty(0)
    model.eval()
    found = []
    own = group.own(data.held_out)
    for start in range(0, len(own), _ROWS):
        part = inputs.take(own[start : start + _ROWS], PLAIN)
        found.append(model.run(part, autocast=settings.autocast))
    rows = torch.cat(found).cpu() if found else torch.empty(0, task.n_outputs)
    outputs = group.gather(rows, data.held_out)
    targets, weights = data.targets[data.held_out], data.weights[data.held_out]
    losses = task.losses(outputs, targets)
    row = {
        "valid_loss": float((losses * weights).sum() / weights.sum()),
        task.score_name: task.score(outputs, targets, weights),
    }
    return row, losses
