"""The decision follows the evidence where it is clear, and else the prior."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.comparing.splits import Fold
from hybridml.transfer.advice.deciding import Decision, decide
from hybridml.transfer.advice.prior import prior_of
from hybridml.transfer.advice.probes import Probed, Probes

FOLDS: list[Fold] = [(np.arange(160), np.arange(160, 200))] * 5
SPREAD = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])


def _layer(name: str, mean: float, case: int = 1) -> Probed:
    return Probed(case, name, mean + SPREAD)


def _decide(
    means: list[float],
    *,
    joined: float = 0.0,
    outputs: float | None = None,
    n_images: int = 200,
    n_per_class: float = 50,
    is_similar: bool = True,
) -> Decision:
    layers = [_layer(f"layer{i}", mean) for i, mean in enumerate(means[:-1])]
    probes = Probes(
        [*layers, _layer("last", means[-1])],
        _layer("all layers", joined),
        None if outputs is None else _layer("logits", outputs, case=0),
        FOLDS,
    )
    return decide(
        probes,
        prior_of(n_per_class, is_similar),
        n_images=n_images,
        is_similar=is_similar,
    )


def test_last_layer_is_cut_at_where_none_is_better() -> None:
    found = _decide([0.5, 0.7, 0.8, 0.9])
    assert (found.case, found.probed.cut_layer) == (1, "last")
    assert found.reasons[0].startswith("No layer does better than the last one")


@pytest.mark.parametrize(("is_similar", "cut"), [(True, "last"), (False, "layer2")])
def test_small_lead_of_an_earlier_layer_counts_for_dissimilar_images(
    is_similar: bool, cut: str
) -> None:
    found = _decide([0.5, 0.7, 0.905, 0.9], is_similar=is_similar)
    assert found.probed.cut_layer == cut


def test_clear_lead_of_an_earlier_layer_counts_for_all_images() -> None:
    found = _decide([0.5, 0.7, 0.95, 0.8])
    assert (found.case, found.probed.cut_layer) == (1, "layer2")
    assert "Features of layer2 do better" in found.reasons[0]


def test_all_layers_together_are_cut_at_where_they_lead() -> None:
    found = _decide([0.5, 0.7, 0.8, 0.8], joined=0.9)
    assert (found.case, found.probed.cut_layer) == (1, "all layers")
    assert "Features of all layers do better" in found.reasons[0]


def test_network_is_trained_where_much_is_to_gain_and_to_learn_from() -> None:
    means = [0.3, 0.4, 0.6, 0.5]
    assert _decide(means, n_images=500).case == 3
    assert _decide(means, n_images=499).case == 1
    assert _decide([0.3, 0.4, 0.81, 0.8], n_images=5000).case == 1
    assert _decide([0.3, 0.6, 0.5, 0.4], n_images=5000).case == 1  # an early layer


def test_network_is_trained_on_large_data() -> None:
    found = _decide([0.5, 0.7, 0.8, 0.9], n_images=5000, n_per_class=2500)
    assert found.case == 3
    assert "there are many images" in found.reasons[0]


def test_outputs_are_taken_where_they_do_better_than_any_probe() -> None:
    assert _decide([0.5, 0.7, 0.8], outputs=0.9).case == 0
    assert _decide([0.5, 0.7, 0.8], outputs=0.805).case == 1


@pytest.mark.parametrize(
    ("means", "n_images", "sureness"),
    [
        ([0.5, 0.6, 0.97], 200, "high"),
        ([0.5, 0.6, 0.85], 200, "high"),
        ([0.5, 0.6, 0.7], 200, "medium"),
        ([0.5, 0.6, 0.97], 99, "low"),
    ],
)
def test_sureness_needs_images_and_a_clear_lead(
    means: list[float], n_images: int, sureness: str
) -> None:
    assert _decide(means, n_images=n_images).sureness == sureness


def test_prior_is_among_the_reasons() -> None:
    assert _decide([0.5, 0.9]).reasons[-1].startswith("By size and similarity alone")
