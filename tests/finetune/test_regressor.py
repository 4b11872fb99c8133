"""Fine-tuning is an honest scikit-learn regressor that starts where ridge ends."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from hybridml import DeepFeatureExtractor, FineTuneRegressor
from hybridml.exceptions import DataError, DivergedError, InvalidParameterError
from hybridml.finetune.feeding.training_data import hold_out
from hybridml.heads.floored_scaler import FlooredScaler

Numbers = npt.NDArray[np.float64]
STRENGTHS = (1e4, 1e3, 1e2, 1e1)


def _regressor(**changed: Any) -> FineTuneRegressor:
    """One quick epoch on the tiny backbone, exact in float32."""
    quick = {"epochs": 1, "store": None, "precision": "fp32", "batch_size": 8}
    return FineTuneRegressor(**{"backbone": "tiny", **quick, **changed})


@pytest.fixture
def lights() -> tuple[npt.NDArray[np.uint8], Numbers]:
    """Noisy photos, and about how light they are."""
    rng = np.random.default_rng(0)
    level = rng.uniform(40, 200, 32)
    noise = rng.normal(0, 20, (32, 40, 40, 3))
    X = (level[:, None, None, None] + noise).clip(0, 255).astype(np.uint8)
    return X, level / 50 + rng.normal(0, 0.2, 32)


Lights = tuple[npt.NDArray[np.uint8], Numbers]


def _ridge_of(X: Any, y: Any, trained_on: Any, strength: float) -> Any:
    extractor = DeepFeatureExtractor("tiny", store=None, precision="fp32")
    model = make_pipeline(extractor, FlooredScaler(), Ridge(alpha=strength))
    return model.fit(X[trained_on], y[trained_on])


def test_training_starts_at_the_score_of_ridge_regression(lights: Lights) -> None:
    X, y = lights
    y = (y - y.mean()) / y.std()  # the penalty of ridge is that of these
    model = _regressor(epochs=0, validation_fraction=0.4).fit(X, y)
    train, held_out = hold_out(np.zeros(32, np.intp), np.ones(32), 0.4, 0)
    scores = [
        _ridge_of(X, y, train, strength).score(X[held_out], y[held_out])
        for strength in STRENGTHS
    ]
    start = model.history_.loc[0, "valid_r2"]
    assert 0 < start < 1
    assert start == pytest.approx(max(scores), abs=1e-3)


def test_without_improvement_the_result_is_ridge_regression_of_all(
    lights: Lights,
) -> None:
    X, y = lights
    model = _regressor(learning_rate=100, epochs=2).fit(X, y)
    assert model.best_epoch_ == 0
    scaled = (y - y.mean()) / y.std()
    predictions = [
        _ridge_of(X, scaled, np.arange(32), strength).predict(X) * y.std() + y.mean()
        for strength in STRENGTHS
    ]
    errors = [np.abs(model.predict(X) - each).max() for each in predictions]
    assert min(errors) < 1e-3


def test_training_improves_on_the_start(lights: Lights) -> None:
    X, y = lights
    model = _regressor(epochs=8, learning_rate=0.003, augmentation="none").fit(X, y)
    losses = model.history_["valid_loss"]
    assert model.best_epoch_ == losses.idxmin() > 0
    assert model.score(X, y) > 0.5


def test_scratch_training_learns(lights: Lights) -> None:
    X, y = lights
    model = FineTuneRegressor(
        "lenet5", weights=None, augmentation="none", epochs=15, learning_rate=0.003
    )
    assert model.fit(X, y).score(X, y) > 0.8


@pytest.mark.parametrize("kind", ["column", "table of one", "table", "frame"])
def test_predictions_have_the_shape_of_the_numbers(lights: Lights, kind: str) -> None:
    X, y = lights
    table = np.c_[y, -10 * y + 3]
    numbers: Any = {
        "column": y,
        "table of one": y[:, None],
        "table": table,
        "frame": pd.DataFrame(table),
    }[kind]
    model = _regressor(epochs=0).fit(X, numbers)
    assert model.predict(X).shape == np.shape(numbers)
    assert model.predict([]).shape == (0, *np.shape(numbers)[1:])
    assert model.score(X, numbers) > 0.3


def test_each_of_several_numbers_is_learned_on_its_own_scale(lights: Lights) -> None:
    X, y = lights
    given = {"epochs": 4, "learning_rate": 0.001, "validation_fraction": 0.25}
    both = _regressor(**given).fit(X, np.c_[y, y * 1e4 + 7]).predict(X)
    np.testing.assert_allclose(both[:, 0], (both[:, 1] - 7) / 1e4, atol=0.02)


@pytest.mark.parametrize("epochs", [0, 3])
def test_predictions_follow_the_scale_of_the_numbers(
    lights: Lights, epochs: int
) -> None:
    X, y = lights
    given = {"epochs": epochs, "validation_fraction": 0, "learning_rate": 0.001}
    plain = _regressor(**given).fit(X, y).predict(X)
    scaled = _regressor(**given).fit(X, y * 1000 + 5).predict(X)
    np.testing.assert_allclose((scaled - 5) / 1000, plain, atol=1e-3)


def test_numbers_far_from_zero_are_told_apart(lights: Lights) -> None:
    X, y = lights
    near = _regressor(epochs=0).fit(X, y)
    far = _regressor(epochs=0).fit(X, y + 1e4)
    assert far.score(X, y + 1e4) == pytest.approx(near.score(X, y), abs=1e-3)


def test_images_without_weight_are_ignored(lights: Lights) -> None:
    X, y = lights
    images, numbers = np.concatenate([X, X]), np.concatenate([y, 100 - y])
    weights = np.repeat([1.0, 0.0], len(X))
    model = _regressor(epochs=2).fit(images, numbers, weights)
    alone = _regressor(epochs=2).fit(X, y)
    np.testing.assert_allclose(model.predict(X), alone.predict(X), atol=1e-3)


def test_weight_moves_the_predictions(lights: Lights) -> None:
    X, y = lights
    is_high = y > np.median(y)
    low, high = (
        _regressor(epochs=0, validation_fraction=0).fit(X, y, weights)
        for weights in (np.where(is_high, 0.1, 1), np.where(is_high, 1, 0.1))
    )
    assert low.predict(X).mean() < high.predict(X).mean()


def test_history_has_a_row_an_epoch(lights: Lights) -> None:
    history = _regressor(epochs=2).fit(*lights).history_
    columns = ["epoch", "train_loss", "valid_loss", "valid_r2", "seconds"]
    assert history.columns.tolist() == columns
    assert history["epoch"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (None, "y=None; expected one number per image"),
        ([1.0, 2.0], "Got 4 images and 2 labels"),
        (
            [1.0, np.nan, 2.0, np.inf],
            r"2 of 4 rows of y are missing or infinite, at pos",
        ),
        ([[1, 2], [3, 4], [5, np.nan], [7, 8]], "1 of 4 rows of y .* positions 2"),
        (np.zeros((4, 2, 2)), r"Got y of shape \(4, 2, 2\); expected one or more"),
        (np.zeros((4, 0)), r"Got y of shape \(4, 0\); expected one or more"),
        (["a", "b", "c", "d"], "Got y with values that are no numbers"),
        ([[1], [2, 3], [4], [5]], "Got y with values that are no numbers"),
    ],
)
def test_unusable_numbers_are_refused(
    lights: Lights, numbers: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        _regressor().fit(lights[0][:4], numbers)


def test_no_images_are_refused() -> None:
    with pytest.raises(DataError, match="Found no images: X is empty; expected"):
        _regressor().fit([], [])


def test_wrong_parameters_are_named(lights: Lights) -> None:
    with pytest.raises(InvalidParameterError, match="FineTuneRegressor: Got epochs=-1"):
        _regressor(epochs=-1).fit(*lights)


def test_after_divergence_the_last_good_state_predicts(lights: Lights) -> None:
    X, y = lights
    model = _regressor(learning_rate=1e30, epochs=2)
    with pytest.raises(DivergedError, match="diverged in epoch 1"):
        model.fit(X, y)
    np.testing.assert_array_equal(
        model.predict(X), _regressor(epochs=0).fit(X, y).predict(X)
    )


@pytest.mark.parametrize("n_images", [1, 2, 3])
def test_a_handful_of_images_is_enough(lights: Lights, n_images: int) -> None:
    X, y = lights[0][:n_images], lights[1][:n_images]
    assert _regressor(batch_size=1).fit(X, y).predict(X).shape == (n_images,)


def test_numbers_that_are_all_the_same_are_predicted(lights: Lights) -> None:
    X = lights[0]
    model = _regressor(epochs=0).fit(X, np.full(32, 7.0))
    np.testing.assert_allclose(model.predict(X), 7, atol=1e-4)


def test_clone_and_pickle(lights: Lights) -> None:
    X, y = lights
    model = _regressor(dropout=0.1).fit(X, y)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copied.predict(X)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_two_fits_with_one_seed_agree(lights: Lights) -> None:
    X, y = lights
    first, again, other = (
        _regressor(random_state=seed, validation_fraction=0).fit(X, y).predict(X)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.slow
def test_it_can_be_searched_and_cross_validated(lights: Lights) -> None:
    X, y = lights
    scores = cross_val_score(_regressor(epochs=0), X, y, cv=2)
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()
    grid = {"trainable": ["head", "all"], "learning_rate": [1e-4, 1e-3]}
    search = GridSearchCV(_regressor(), grid, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
