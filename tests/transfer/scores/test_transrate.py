"""TransRate is the difference of coding rates, from explicit eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris

from hybridml.exceptions import InvalidParameterError
from hybridml.transfer import transrate
from tests.transfer.scores.conftest import SHAPES, Floats, Labels, make_features


def _slow(features: Floats, labels: Labels, epsilon: float) -> float:
    centred = features - features.mean(axis=0)
    scaled = centred / np.sqrt(np.mean([row @ row for row in centred]))

    def rate(rows: Floats) -> float:
        spectrum = np.linalg.eigvalsh(rows.T @ rows / len(rows)).clip(min=0)
        return 0.5 * sum(np.log1p(value / epsilon) for value in spectrum)

    within = 0.0
    for name in np.unique(labels):
        rows = scaled[labels == name]
        within += len(rows) / len(labels) * rate(rows)
    return rate(scaled) - within


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("epsilon", [1e-4, 0.3])
def test_score_is_the_difference_of_rates(
    shape: tuple[int, int], epsilon: float
) -> None:
    features, labels = make_features(*shape)
    expected = _slow(features, labels, epsilon)
    assert transrate(features, labels, epsilon=epsilon) == pytest.approx(
        expected, abs=1e-6
    )


def test_agrees_with_the_code_in_the_paper_where_classes_are_of_one_size() -> None:
    # The code in the paper, run on the iris data scaled as the docstring says.
    score = transrate(*load_iris(return_X_y=True))
    assert score == pytest.approx(0.581820073, abs=1e-6)


def test_features_that_do_not_vary_score_nothing() -> None:
    assert transrate(np.ones((4, 3)), list("aabb")) == 0


@pytest.mark.parametrize("epsilon", [0, -1.0, float("nan"), "1e-4"])
def test_distortion_has_to_be_positive(epsilon: float) -> None:
    with pytest.raises(InvalidParameterError, match="Got epsilon="):
        transrate(np.eye(4), list("aabb"), epsilon=epsilon)
