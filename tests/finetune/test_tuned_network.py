"""A tuned network is pickled as plain weights, and comes back the same."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from hybridml.backbones import Backbone, Stage, register_backbone
from hybridml.backbones.loading import load_network
from hybridml.exceptions import WeightsError
from hybridml.finetune.learning.probe import LinearHead
from hybridml.finetune.tuned_network import TunedNetwork
from hybridml.testing import make_photos


def _tuned(backbone: str | nn.Module = "tiny", **changed: str) -> TunedNetwork:
    weights = None if isinstance(backbone, str) else "default"
    network = load_network(backbone, weights=weights, image_size=32, device="cpu")
    width = network.n_features(network.find("penultimate"), "mean")
    rng = np.random.default_rng(0)
    head = LinearHead(
        rng.normal(size=(2, width)).astype(np.float32), np.zeros(2, np.float32)
    )
    return TunedNetwork(
        network.backbone,
        network.trainable_copy(),
        network.preprocessing,
        head,
        stage=network.find("penultimate"),
        pooling="mean",
        **{"device": "cpu", "precision": "fp32", **changed},
    )


def _predict(tuned: TunedNetwork) -> np.ndarray:
    return tuned.outputs(make_photos(6)[0], batch_size=4, n_jobs=1)


def test_unpickled_network_predicts_the_same() -> None:
    tuned = _tuned()
    again = pickle.loads(pickle.dumps(tuned))
    np.testing.assert_array_equal(_predict(tuned), _predict(again))
    np.testing.assert_array_equal(
        _predict(pickle.loads(pickle.dumps(again))), _predict(tuned)
    )


def test_head_in_any_memory_order_is_pickled() -> None:
    tuned = _tuned()
    tuned.head = LinearHead(np.asfortranarray(tuned.head.weight), tuned.head.bias)
    again = pickle.loads(pickle.dumps(tuned))
    np.testing.assert_array_equal(again.head.weight, tuned.head.weight)


def test_tuned_network_of_a_module_brings_it_along() -> None:
    torch.manual_seed(0)
    own = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    tuned = _tuned(own)
    again = pickle.loads(pickle.dumps(tuned))
    np.testing.assert_array_equal(_predict(tuned), _predict(again))


def test_pickle_holds_no_code_and_no_torch_object() -> None:
    modules = _imported_by(pickle.dumps(_tuned()))
    assert {module.split(".")[0] for module in modules} <= {"hybridml", "numpy"}


def test_pickle_leaves_out_what_is_behind_the_trunk() -> None:
    names = _tuned().trunk_state()
    assert {name.split(".")[0] for name in names} == {"stem", "stage1"}


def test_weights_of_another_number_of_classes_come_back() -> None:
    network = load_network("tiny", weights=None, device="cpu")
    module = network.trainable_copy()
    module.logits = torch.nn.Linear(16, 3)
    head = LinearHead(np.ones((2, 16), np.float32), np.zeros(2, np.float32))
    tuned = TunedNetwork(
        network.backbone,
        module,
        network.preprocessing,
        head,
        stage=network.find("penultimate"),
        pooling="mean",
        device="cpu",
        precision="fp32",
    )
    again = pickle.loads(pickle.dumps(tuned))
    np.testing.assert_array_equal(_predict(tuned), _predict(again))


def test_unpickling_draws_no_random_numbers() -> None:
    stored = pickle.dumps(_tuned())
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    pickle.loads(stored)
    assert torch.equal(torch.rand(1), expected)


def test_device_out_of_reach_is_replaced_on_loading() -> None:
    tuned = _tuned()
    tuned._asked = ("cuda:99", "fp32")
    again = pickle.loads(pickle.dumps(tuned))
    assert again.network.device.type in ("cpu", "cuda", "mps")
    assert again._asked == ("cuda:99", "fp32")  # where it is in reach, it is used


def test_another_network_of_the_same_name_is_refused() -> None:
    def register(depth: int) -> None:
        convolutions = [torch.nn.Conv2d(3, 3, 1) for _ in range(depth)]

        def build(n_classes: int) -> torch.nn.Module:
            return torch.nn.Sequential(
                *convolutions,
                torch.nn.AdaptiveAvgPool2d(1),
                torch.nn.Flatten(),
                torch.nn.Linear(3, n_classes),
            )

        cut, out = f"{depth + 1}", f"{depth + 2}"
        ends = Stage("penultimate", cut, "vector"), Stage("logits", out, "vector")
        register_backbone(Backbone("shifting", build, ends), overwrite=True)

    register(1)
    stored = pickle.dumps(_tuned("shifting"))
    register(2)
    with pytest.raises(WeightsError, match="do not fit 'shifting': another network"):
        pickle.loads(stored)


def _imported_by(stored: bytes) -> set[str]:
    """Modules that unpickling imports from."""
    found: set[str] = set()

    class Watching(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            found.add(module)
            return super().find_class(module, name)

    Watching(io.BytesIO(stored)).load()
    return found
