"""LEEP is the paper's three steps, with explicit loops."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from hybridml.exceptions import DataError
from hybridml.transfer import leep
from tests.transfer.scores.conftest import Floats


def _slow(probabilities: Floats, labels: list[str]) -> float:
    n_images, n_sources = probabilities.shape
    joint: dict[tuple[str, int], float] = {}
    for i in range(n_images):
        for z in range(n_sources):
            before = joint.get((labels[i], z), 0.0)
            joint[labels[i], z] = before + probabilities[i, z] / n_images
    of_source = [
        sum(share for (_, where), share in joint.items() if where == z)
        for z in range(n_sources)
    ]
    total = 0.0
    for i in range(n_images):
        predicted = sum(
            joint[labels[i], z] / of_source[z] * probabilities[i, z]
            for z in range(n_sources)
            if of_source[z] > 0
        )
        total += log(predicted)
    return total / n_images


def _random(n_sources: int = 7) -> tuple[Floats, list[str]]:
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(n_sources), 40), list(rng.choice(list("abc"), 40))


def test_score_is_that_of_the_paper() -> None:
    probabilities, labels = _random()
    assert leep(probabilities, labels) == pytest.approx(
        _slow(probabilities, labels), abs=1e-12
    )


def test_source_class_that_never_occurs_does_not_count() -> None:
    probabilities, labels = _random()
    wider = np.column_stack([probabilities, np.zeros(40)])
    assert leep(wider, labels) == pytest.approx(leep(probabilities, labels))


# The two ends that the tests of google-research/stable_transfer
# (transferability_metrics_test.py) have for LEEP.
@pytest.mark.parametrize("n_classes", [5, 10, 15])
def test_ends_are_zero_and_the_entropy_of_the_labels(n_classes: int) -> None:
    labels = np.arange(30 * n_classes) % n_classes
    assert leep(np.eye(30)[labels], labels) == pytest.approx(0, abs=1e-12)
    uniform = np.full((len(labels), 30), 1 / 30)
    assert leep(uniform, labels) == pytest.approx(-log(n_classes))


@pytest.mark.parametrize("bad", [[[0.5, 0.4], [0.5, 0.5]], [[1.2, -0.2], [0.5, 0.5]]])
def test_rows_that_are_no_probabilities_are_refused(bad: list[list[float]]) -> None:
    with pytest.raises(DataError, match=r"1 of 2 rows of probabilities .* softmax"):
        leep(bad, ["a", "b"])


def test_probabilities_in_half_precision_are_taken() -> None:
    probabilities, labels = _random()
    rounded = probabilities.astype(np.float16)
    assert leep(rounded, labels) == pytest.approx(leep(probabilities, labels), abs=1e-3)
