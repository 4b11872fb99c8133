"""Directions are orthonormal, and give the images' products back."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.transfer.scores.directions import find_directions
from tests.transfer.scores.conftest import SHAPES, make_features


@pytest.mark.parametrize("shape", SHAPES)
def test_products_are_those_of_the_features(shape: tuple[int, int]) -> None:
    features, _ = make_features(*shape)
    directions, power = find_directions(features)
    assert directions.shape == (shape[0], min(shape))
    np.testing.assert_allclose(directions.T @ directions, np.eye(min(shape)), atol=1e-9)
    products = directions * power @ directions.T
    np.testing.assert_allclose(products, features @ features.T, atol=1e-8)
