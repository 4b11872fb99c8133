"""What was probed is compared in pairs, fold by fold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hybridml.comparing.splits import Fold
from hybridml.transfer.advice.probes import Probed, Probes

FOLDS: list[Fold] = [(np.arange(80), np.arange(80, 100))] * 3
FIRST = Probed(1, "stem", np.array([0.4, 0.5, 0.8]))
BEST = Probed(1, "stage1", np.array([0.5, 0.7, 0.9]))
LAST = Probed(1, "penultimate", np.array([0.6, 0.6, 0.6]))
OUTPUTS = Probed(0, "logits", np.array([0.2, 0.3, 0.4]))
JOINED = Probed(1, "all layers", np.array([0.5, 0.6, 0.7]))
PROBES = Probes([FIRST, BEST, LAST], JOINED, OUTPUTS, FOLDS)


def test_lead_is_paired_by_folds() -> None:
    found = PROBES.ahead(BEST, FIRST)
    assert found.mean == pytest.approx(0.4 / 3)
    spread = np.std([0.1, 0.2, 0.1], ddof=1)
    error = spread * math.sqrt(1 / 3 + 20 / 80)  # Nadeau and Bengio's correction
    assert found.standard_error == pytest.approx(error)


def test_best_and_last_layer_are_known() -> None:
    assert PROBES.best is BEST
    assert PROBES.last is LAST


def test_table_has_case_0_first_and_each_layer_behind_the_best() -> None:
    table = PROBES.table()
    names = ["logits", "stem", "stage1", "penultimate", "all layers"]
    assert table["cut_layer"].tolist() == names
    assert table["behind"].tolist() == pytest.approx([0.4, 0.4 / 3, 0.0, 0.1, 0.1])
    assert table["behind_error"].isna().tolist() == [False, False, True, False, False]
    assert (table["score_high"] <= 1.0).all()


def test_without_outputs_there_is_no_case_0() -> None:
    assert Probes([FIRST], JOINED, None, FOLDS).table()["case"].tolist() == [1, 1]


def test_all_layers_together_may_be_best() -> None:
    better = Probed(1, "all layers", np.array([0.9, 0.9, 0.9]))
    found = Probes([FIRST, BEST, LAST], better, OUTPUTS, FOLDS)
    assert (found.best, found.best_layer) == (better, BEST)
