"""One regressor does each of the cases that can, and a search chooses among them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.utils import get_tags

from hybridml import FeatureStore, FineTuneRegressor, TransferRegressor
from hybridml.exceptions import DataError, InvalidParameterError, UnknownHeadError
from hybridml.transfer import CutLayerRegressionSearch
from hybridml.transfer.cases.catalogue import cases_of

Shades = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]
Contain = Callable[[npt.NDArray[np.uint8]], Any]


def _regressor(**changed: Any) -> TransferRegressor:
    quick = {"backbone": "tiny", "store": None, "epochs": 1, "precision": "fp32"}
    weak = {"head": "linear_svm"}  # of few features: the default ridge is strong
    return TransferRegressor(**{**quick, **weak, **changed})


@pytest.fixture(params=cases_of("regression"))
def case(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_every_case_fits_and_predicts(shades: Shades, case: int) -> None:
    X, y = shades
    model = _regressor(case=case).fit(X, y)
    assert model.predict(X).shape == y.shape
    if case < 4:
        assert model.score(X, y) > 0.4


@pytest.mark.parametrize("n_targets", [1, 3])
def test_every_case_learns_several_numbers(
    shades: Shades, case: int, n_targets: int
) -> None:
    X, y = shades
    table = np.column_stack([y, -y, y**2])[:, :n_targets]
    for head in ("ridge", "linear_svm"):
        model = _regressor(case=case, head=head).fit(X, table)
        assert model.predict(X).shape == (24, n_targets)


@pytest.mark.parametrize(
    ("case", "params"),
    [
        (2, {"trainable": "last2", "weights": "default"}),
        (3, {"trainable": "all", "weights": "default"}),
        (4, {"trainable": "all", "weights": None}),
    ],
)
def test_case_is_done_by_its_estimator(
    shades: Shades, case: int, params: dict[str, Any]
) -> None:
    estimator = _regressor(case=case).fit(*shades).estimator_
    assert type(estimator) is FineTuneRegressor
    assert estimator.get_params().items() >= params.items()


@pytest.mark.parametrize(
    "several", [{"cut_layer": "all"}, {"head": ["ridge", "linear_svm"]}]
)
def test_case_1_searches_where_several_are_given(
    shades: Shades, several: dict[str, Any]
) -> None:
    model = _regressor(**several).fit(*shades)
    assert isinstance(model.estimator_, CutLayerRegressionSearch)


def test_parameters_reach_the_estimator(shades: Shades, case: int) -> None:
    shared = {"random_state": 3, "n_jobs": 1, "image_size": 24}
    estimator = _regressor(case=case, **shared).fit(*shades).estimator_
    chosen = estimator[0] if case == 1 else estimator
    assert chosen.get_params().items() >= shared.items()


def test_grid_search_chooses_the_case(shades: Shades) -> None:
    search = GridSearchCV(_regressor(), {"case": [1, 4]}, cv=2).fit(*shades)
    assert search.best_params_ == {"case": 1}
    assert search.predict(shades[0][:2]).shape == (2,)


def test_pickle_and_clone(shades: Shades, case: int) -> None:
    X, y = shades
    model = _regressor(case=case).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copied.predict(X)


@pytest.mark.parametrize("epochs", [0, 1])
def test_pickle_of_several_numbers_predicts_the_same(
    shades: Shades, case: int, epochs: int
) -> None:
    X, y = shades
    model = _regressor(case=case, epochs=epochs).fit(X, np.column_stack([y, -y, y**2]))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_two_fits_with_one_seed_agree(shades: Shades, case: int) -> None:
    X, y = shades
    first, again = (_regressor(case=case).fit(X, y).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_refit_forgets(shades: Shades) -> None:
    X, y = shades
    model = _regressor().fit(X, np.column_stack([y, y])).fit(X, y)
    assert model.predict(X).shape == y.shape


def test_fit_does_not_modify_its_input(shades: Shades, case: int) -> None:
    X, y = shades
    copies = X.copy(), y.copy()
    _regressor(case=case).fit(X, y)
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(y, copies[1])


def test_every_container_gives_the_same_numbers(
    shades: Shades, contain: Contain
) -> None:
    X, y = shades
    model, folds = _regressor(), KFold(2, shuffle=True, random_state=0)
    given = contain(X)
    found = cross_val_predict(model, given, y, cv=folds)
    np.testing.assert_array_equal(found, cross_val_predict(model, X, y, cv=folds))
    assert np.isfinite(cross_val_score(model, given, y, cv=folds)).all()


def test_pretrained_outputs_are_no_numbers(shades: Shades) -> None:
    message = r"Got case=0; expected 1 to 4 for regression\. .*cut_layer='logits'"
    with pytest.raises(InvalidParameterError, match=message):
        _regressor(case=0).fit(*shades)
    from_logits = _regressor(cut_layer="logits").fit(*shades)
    assert from_logits.predict(shades[0]).shape == (24,)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"head": "logistic"}, UnknownHeadError, "expected a head for regression"),
        ({"case": 7}, InvalidParameterError, "Got case=7"),
        ({"case": 3, "epochs": -1}, InvalidParameterError, "Got epochs=-1"),
    ],
)
def test_wrong_parameters_are_named(
    shades: Shades, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _regressor(**changed).fit(*shades)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["much", "little"] * 12, "values that are no numbers"),
        ([1.0, 2.0], "Got 24 images and 2 labels"),
        ([np.nan, 1.0] * 12, "12 of 24 rows of y are missing"),
        (None, "Got y=None"),
    ],
)
def test_unusable_numbers_are_refused(shades: Shades, y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _regressor().fit(shades[0], y)


def test_features_come_from_the_store(shades: Shades, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    for head in ("ridge", "linear_svm"):
        _regressor(head=head, store=store).fit(*shades)
    assert store.stats()["images_forwarded"] == len(shades[0])


def test_scikit_learn_is_told_of_images_and_numbers() -> None:
    model = _regressor()
    assert is_regressor(model)
    assert not hasattr(model, "predict_proba")
    tags = get_tags(model)
    assert tags.target_tags.multi_output
    assert not tags.input_tags.two_d_array
