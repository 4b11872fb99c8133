"""Nothing of the test images reaches a fit: without rhyme or reason, all is chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hybridml import compare_transfer_cases
from hybridml.testing import make_photos

CHANCE = 0.5


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_shuffled_labels_no_case_beats_chance(seed: int, tmp_path: Path) -> None:
    X, y = make_photos(80)
    noisy = X + np.random.default_rng(seed).integers(0, 60, X.shape)
    shuffled = np.random.default_rng(seed).permutation(y)
    found = compare_transfer_cases(
        noisy.clip(0, 255).astype(np.uint8),
        shuffled,
        backbones="tiny",
        epochs=3,
        store=tmp_path,
        random_state=seed,
        time_budget_s=None,
    )
    assert len(found.table) == 8
    assert (found.table["score_low"] <= CHANCE).all()
    assert found.table["score"].mean() < 0.6
    told_apart = found.significance["p_adjusted"] < 0.05
    guess = found.significance["candidate"] == "baseline"
    assert not (told_apart & guess).any()


@pytest.mark.slow
def test_with_shuffled_numbers_no_case_explains_anything(tmp_path: Path) -> None:
    X, _ = make_photos(80)
    numbers = np.random.default_rng(0).normal(size=80)
    found = compare_transfer_cases(
        X, numbers, backbones="tiny", epochs=3, store=tmp_path, time_budget_s=None
    )
    assert (found.table["score_low"] <= 0.0).all()
