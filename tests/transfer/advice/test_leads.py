"""Leads are compared in pairs, and that of a search is not the luck of searching."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hybridml.comparing.splits import Fold
from hybridml.transfer.advice.leads import leads_of
from hybridml.transfer.advice.probes import Probed, Probes

EVERY = np.arange(100)
FOLDS: list[Fold] = [(np.delete(EVERY, test), test) for test in np.split(EVERY, 5)] * 2


def _probes(*layers: Probed, joined: Probed | None = None) -> Probes:
    return Probes(layers, joined, None, FOLDS)


def _flat(name: str, score: float) -> Probed:
    return Probed(1, name, np.full(10, score))


def test_layer_that_is_better_in_every_fold_leads() -> None:
    found = leads_of(_probes(_flat("stem", 0.9), _flat("penultimate", 0.6)))
    assert found.early == pytest.approx(0.3)
    assert found.early_error > 0


def test_best_of_equally_good_layers_does_not_lead() -> None:
    rng = np.random.default_rng(0)
    leads, picked = [], []
    for _ in range(200):
        layers = [Probed(1, str(i), rng.normal(0.7, 0.1, 10)) for i in range(9)]
        probes = _probes(*layers)
        leads.append(leads_of(probes).early)
        picked.append(probes.best_layer.mean - probes.last.mean)
    assert np.mean(picked) > 0.03
    assert np.mean(leads) < 0.01


def test_joined_layers_are_set_against_the_best_one() -> None:
    layers = (_flat("stem", 0.5), _flat("stage1", 0.8), _flat("penultimate", 0.6))
    found = leads_of(_probes(*layers, joined=_flat("all layers", 0.9)))
    assert found.joined == pytest.approx(0.1)
    assert math.isnan(leads_of(_probes(*layers)).joined)
    assert math.isnan(found.outputs)
