from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from hybridml.transfer.evidence.outputs import read_outputs


def test_entropy_is_that_of_scipy() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (7, 20)).astype(np.float32)
    odds = np.exp(logits.astype(float))
    shares = odds / odds.sum(axis=1, keepdims=True)
    found, top = read_outputs(logits)
    assert found == pytest.approx(entropy(shares, axis=1, base=20).mean())
    assert top == pytest.approx(shares.max(axis=1).mean())


def test_certainty_has_no_entropy_however_large_the_logits() -> None:
    assert read_outputs(np.array([[1e4, -1e4, 0.0]])) == (0.0, 1.0)
    assert read_outputs(np.array([[3.0]])) == (0.0, 1.0)
