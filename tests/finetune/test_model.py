"""The model is the trunk with a new head, which can start as a probe."""

from __future__ import annotations

import numpy as np
import torch

from hybridml.backbones.loading import load_network
from hybridml.finetune.model import assemble, start_from_probe
from hybridml.finetune.pixels import Pixels
from hybridml.finetune.training_data import prepare_training
from hybridml.images.door import as_images
from hybridml.testing import make_photos


def test_model_shares_the_parameters_of_the_module() -> None:
    network = load_network("tiny", device="cpu", precision="fp32")
    module = network.trainable_copy()
    model = assemble(module, network, 3, 0.0)
    shared = dict(model.trunk.named_parameters())
    assert shared["stem.0.weight"] is dict(module.named_parameters())["stem.0.weight"]
    assert "logits.weight" not in shared
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 3)


def test_dropout_is_at_work_in_training_only() -> None:
    network = load_network("tiny", device="cpu", precision="fp32")
    model = assemble(network.trainable_copy(), network, 2, 0.9)
    images = torch.rand(4, 3, 32, 32)
    assert torch.equal(model.eval()(images), model(images))
    assert not torch.equal(model.train()(images), model(images))


def test_head_starts_as_a_probe_of_what_is_not_held_out() -> None:
    images, labels = make_photos(20)
    network = load_network("tiny", device="cpu", precision="fp32")
    data = prepare_training(
        Pixels(as_images(images), network.preprocessing),
        network.preprocessing,
        np.unique(labels, return_inverse=True)[1],
        np.ones(20),
        validation_fraction=0.3,
        random_state=0,
    )
    features = np.random.default_rng(0).normal(size=(20, 16)).astype(np.float32)
    heads = [torch.nn.Linear(16, 2) for _ in range(2)]
    probe = start_from_probe(heads[0], features, data)
    assert not np.allclose(heads[0].weight.detach().numpy(), probe.weight)
    features[data.held_out] = 0  # does not change the start but for its strength
    start_from_probe(heads[1], features, data)
    directions = [head.weight.detach().flatten() for head in heads]
    assert torch.nn.functional.cosine_similarity(*directions, dim=0) > 0.95
