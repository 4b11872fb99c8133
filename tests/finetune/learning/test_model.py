"""The model is the trunk with a new head, which can start as a probe."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hybridml.backbones.loading import load_network
from hybridml.finetune.feeding.training_data import prepare_training
from hybridml.finetune.learning.model import Assembled, assemble, fit_probes
from hybridml.finetune.learning.targets import class_targets


def _assemble(module: Any = None, **changed: Any) -> Assembled:
    network = load_network("tiny", device="cpu", precision="fp32")
    settings = {"trainable": "all", "pooling": "mean", "n_outputs": 3, "dropout": 0.0}
    module = module or network.trainable_copy()
    return assemble(module, network, **{**settings, **changed})


def test_model_shares_the_parameters_of_the_module() -> None:
    module = load_network("tiny", device="cpu", precision="fp32").trainable_copy()
    model = _assemble(module).model
    shared = dict(model.trunk.named_parameters())
    assert shared["stem.0.weight"] is dict(module.named_parameters())["stem.0.weight"]
    assert "logits.weight" not in shared
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 3)


def test_dropout_is_at_work_in_training_only() -> None:
    model = _assemble(dropout=0.9).model
    images = torch.rand(4, 3, 32, 32)
    assert torch.equal(model.eval()(images), model(images))
    assert not torch.equal(model.train()(images), model(images))


@pytest.mark.parametrize(
    ("trainable", "learned"),
    [("head", set()), ("last2", {"stage1"}), ("stem", {"stage1"})],
)
def test_what_is_frozen_is_no_part_of_the_model(
    trainable: str, learned: set[str]
) -> None:
    parts = _assemble(trainable=trainable)
    names = [name for name, _ in parts.model.trunk.named_parameters()]
    assert {name.split(".")[0] for name in names} == learned
    assert parts.frozen is not None
    assert parts.obstacle is None
    images = torch.rand(2, 3, 32, 32)
    whole = _assemble(trainable="all").model
    whole.head = parts.model.head
    with torch.inference_mode():
        passed_on = parts.frozen(images)["output"]
        found = parts.model.eval()(passed_on.float())
        torch.testing.assert_close(found, whole.eval()(images), rtol=1e-4, atol=1e-5)


def test_nothing_is_divided_where_all_learns() -> None:
    parts = _assemble(trainable="all")
    assert parts.frozen is parts.obstacle is None


@pytest.mark.parametrize("learns", [True, False])
def test_pretrained_batch_norms_keep_their_statistics(learns: bool) -> None:
    model = _assemble().model
    model.prepare_to_train(batch_norm_learns=learns)
    before = model.trunk.get_buffer("stem.1.running_mean").clone()
    model(torch.rand(4, 3, 32, 32))
    after = model.trunk.get_buffer("stem.1.running_mean")
    assert torch.equal(before, after) != learns
    assert model.dropout.training


def test_head_starts_as_a_probe_of_what_is_not_held_out() -> None:
    targets = class_targets(np.arange(20) % 2, np.ones(20))
    data = prepare_training(targets, validation_fraction=0.3, random_state=0)
    features = np.random.default_rng(0).normal(size=(20, 16)).astype(np.float32)
    start, probe = fit_probes(features, data, targets.task)
    assert not np.allclose(start.weight, probe.weight)
    features[data.held_out] = 0  # does not change the start but for its strength
    other, _ = fit_probes(features, data, targets.task)
    directions = [torch.from_numpy(head.weight).flatten() for head in (start, other)]
    assert torch.nn.functional.cosine_similarity(*directions, dim=0) > 0.95
