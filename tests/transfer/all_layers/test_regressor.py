"""The regressor predicts one or more numbers from the features that matter."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils import get_tags

from hybridml import AllLayersRegressor
from hybridml.exceptions import DataError

Numbers = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]


def _regressor(**changed: Any) -> AllLayersRegressor:
    quick = {"store": None, "precision": "fp32", "strengths": [0.1]}
    return AllLayersRegressor("tiny", **{**quick, **changed})


def _bright(n_images: int = 40) -> Numbers:
    """Make noise, and its brightness at the left and at the right."""
    rng = np.random.default_rng(0)
    sides = rng.uniform(20, 200, (n_images, 2))
    noise = rng.integers(0, 50, (n_images, 32, 32, 3))
    noise[:, :, :16] += sides[:, 0].astype(int)[:, None, None, None]
    noise[:, :, 16:] += sides[:, 1].astype(int)[:, None, None, None]
    return noise.astype(np.uint8), sides


def test_predicts_one_number_an_image() -> None:
    X, sides = _bright()
    model = _regressor().fit(X, sides[:, 0])
    assert model.predict(X).shape == (40,)
    assert model.score(X, sides[:, 0]) > 0.8
    assert model.best_score_ == model.results_["score"].max()


def test_predicts_several_numbers_in_their_units() -> None:
    X, sides = _bright()
    numbers = sides * [1, 1000]
    model = _regressor().fit(X, numbers)
    predicted = model.predict(X)
    assert predicted.shape == (40, 2)
    np.testing.assert_allclose(predicted.mean(axis=0), numbers.mean(axis=0), rtol=1e-3)
    assert get_tags(model).target_tags.multi_output


def test_unit_of_the_numbers_does_not_change_what_is_relevant() -> None:
    X, sides = _bright()
    first = _regressor().fit(X, sides).relevance_["relevance"]
    other = _regressor().fit(X, sides * [1, 1000] + 5).relevance_["relevance"]
    np.testing.assert_allclose(first, other, atol=1e-3)


def test_shuffled_numbers_are_not_predicted() -> None:
    X, sides = _bright()
    shuffled = np.random.default_rng(1).permutation(sides[:, 0])
    assert cross_val_score(_regressor(fractions=[0.02]), X, shuffled, cv=4).mean() < 0.1


def test_constant_numbers_are_predicted_as_such() -> None:
    X, _ = _bright(12)
    model = _regressor().fit(X, np.full(12, 7.0))
    np.testing.assert_allclose(model.predict(X), 7)
    assert not model.relevance_["relevance"].any()


@pytest.mark.slow
def test_clone_pickle_and_grid_search() -> None:
    X, sides = _bright()
    model = _regressor().fit(X, sides)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    grid = {"pooling": ["mean", "grid4"]}
    search = GridSearchCV(clone(model), grid, cv=2).fit(X, sides)
    assert search.best_score_ > 0.5
    assert search.predict(X).shape == (40, 2)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(model).predict(X)


def test_four_images_are_enough_and_three_are_not() -> None:
    X, sides = _bright(4)
    assert _regressor().fit(X, sides).predict(X).shape == (4, 2)
    with pytest.raises(DataError, match="Got 3 images; expected at least 4"):
        _regressor().fit(X[:3], sides[:3])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "Got y=None"),
        (["a"] * 4, "values that are no numbers"),
        ([1, 2, np.nan, 4], "1 of 4 rows of y are missing"),
        ([1, 2], "4 images and 2 labels"),
    ],
)
def test_wrong_numbers_are_refused(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _regressor().fit(_bright(4)[0], y)
