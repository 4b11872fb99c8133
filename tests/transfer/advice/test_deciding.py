"""The decision has a case, the evidence that it rests on, and reasons in words."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.comparing.splits import Fold
from hybridml.transfer.advice.deciding import Decision, decide
from hybridml.transfer.advice.prior import prior_of
from hybridml.transfer.advice.probes import Probed, Probes

EVERY = np.arange(200)
FOLDS: list[Fold] = [(np.delete(EVERY, test), test) for test in np.split(EVERY, 5)]
SPREAD = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])


def _layer(name: str, mean: float, case: int = 1) -> Probed:
    return Probed(case, name, mean + np.roll(SPREAD, len(name)))


def _decide(
    means: list[float],
    *,
    joined: float | None = 0.0,
    outputs: float | None = None,
    n_images: int = 200,
    n_per_class: float = 50,
    is_similar: bool = True,
) -> Decision:
    layers = [_layer(f"layer{i}", mean) for i, mean in enumerate(means[:-1])]
    probes = Probes(
        [*layers, _layer("last", means[-1])],
        None if joined is None else _layer("all layers", joined),
        None if outputs is None else _layer("logits", outputs, case=0),
        FOLDS,
    )
    return decide(
        probes,
        prior_of(n_per_class, is_similar),
        n_images=n_images,
        is_similar=is_similar,
    )


def test_each_layer_has_its_say_on_few_images() -> None:
    found = _decide([0.5, 0.7, 0.95, 0.8], joined=0.9)
    assert (found.way, found.case) == ("ensemble", 1)
    assert found.probed.cut_layer == "layer2"  # the best member
    assert found.reasons[0].startswith("Each layer has its say")
    assert "-0.050 ±" in found.reasons[0]
    assert "layer2, scores 0.950, the last one 0.800" in found.reasons[1]


def test_all_layers_side_by_side_are_expected_of_where_they_lead() -> None:
    found = _decide([0.5, 0.7, 0.9, 0.8], joined=0.97)
    assert (found.case, found.probed.cut_layer) == (1, "all layers")
    assert "0.070 ±" in found.reasons[0]


def test_earlier_layers_are_searched_for_several_labels() -> None:
    found = _decide([0.5, 0.7, 0.95, 0.8], joined=None)
    assert (found.way, found.case, found.probed.cut_layer) == ("early", 1, "layer2")
    assert found.reasons[0].startswith("Earlier layers tell")


@pytest.mark.parametrize(
    ("joined", "n_per_class", "case"), [(None, 20, 2), (0.9, 2000, 3)]
)
def test_training_begins_with_the_probe_of_the_last_layer(
    joined: float | None, n_per_class: float, case: int
) -> None:
    found = _decide([0.5, 0.7, 0.8, 0.9], joined=joined, n_per_class=n_per_class)
    assert (found.case, found.probed.cut_layer) == (case, "last")
    assert "begins with this probe" in found.reasons[0]
    assert found.reasons[1].startswith("No single layer does better")


def test_outputs_are_taken_where_they_do_better_than_any_probe() -> None:
    found = _decide([0.5, 0.7, 0.8], outputs=0.9)
    assert (found.case, found.probed.cut_layer) == (0, "logits")
    assert _decide([0.5, 0.7, 0.8], outputs=0.805).case != 0


@pytest.mark.parametrize(
    ("means", "n_images", "n_per_class", "sureness"),
    [
        ([0.5, 0.6, 0.97], 200, 150, "high"),
        ([0.5, 0.6, 0.85], 200, 150, "medium"),
        ([0.5, 0.6, 0.85], 4000, 2000, "high"),
        ([0.5, 0.7, 0.7], 4000, 2000, "medium"),
        ([0.5, 0.6, 0.97], 99, 50, "low"),
    ],
)
def test_sureness_needs_images_and_little_to_gain_or_a_clear_lead(
    means: list[float], n_images: int, n_per_class: float, sureness: str
) -> None:
    found = _decide(means, n_images=n_images, n_per_class=n_per_class)
    assert found.sureness == sureness


def test_prior_is_among_the_reasons() -> None:
    assert _decide([0.5, 0.9]).reasons[-1].startswith("By size and similarity alone")
