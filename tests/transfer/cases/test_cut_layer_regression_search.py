"""The search of case 1 for numbers: the same search, by regression heads."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import make_scorer, median_absolute_error

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.exceptions import DataError, InvalidParameterError, UnknownHeadError
from hybridml.transfer import CutLayerRegressionSearch

Shades = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]


def _search(store: Any = None, **changed: Any) -> CutLayerRegressionSearch:
    extractor = DeepFeatureExtractor("tiny", store=store, precision="fp32")
    weak = {"heads": "linear_svm"}  # of few features: the default ridge is strong
    return CutLayerRegressionSearch(extractor, **{**weak, **changed})


def test_numbers_are_predicted(shades: Shades) -> None:
    X, y = shades
    search = _search(heads=["ridge", "linear_svm"]).fit(X, y)
    assert search.best_score_ > 0.5
    assert search.score(X, y) > 0.5
    assert search.predict(X).shape == y.shape
    found = search.results_[["cut_layer", "head"]].to_numpy().tolist()
    layers = ["stem", "stage1", "penultimate"]
    assert found == [[la, head] for la in layers for head in ("ridge", "linear_svm")]


@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("head", ["ridge", "linear_svm"])
def test_several_numbers_have_the_shape_given(
    shades: Shades, n_targets: int, head: str
) -> None:
    X, y = shades
    table = np.column_stack([y, -y, y**2])[:, :n_targets]
    assert _search(heads=head).fit(X, table).predict(X).shape == (24, n_targets)


def test_score_may_be_a_scorer(shades: Shades) -> None:
    scorer = make_scorer(median_absolute_error, greater_is_better=False)
    search = _search(scoring=scorer, cut_layers="stem").fit(*shades)
    assert search.best_score_ < 0


def test_it_is_a_regressor() -> None:
    assert is_regressor(_search())
    assert not hasattr(_search(), "predict_proba")


def test_every_image_is_forwarded_once(shades: Shades, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    _search(store).fit(*shades)
    assert store.stats()["images_forwarded"] == len(shades[0])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"heads": "logistic"}, UnknownHeadError, "expected a head for regression"),
        ({"cv": 1}, InvalidParameterError, "CutLayerRegressionSearch: Got cv=1"),
    ],
)
def test_wrong_parameters_are_named_before_any_image_is_read(
    changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _search(**changed).fit(["not there.jpg"] * 4, [0.0, 1.0, 2.0, 3.0])


def test_unusable_numbers_are_refused(shades: Shades) -> None:
    X, y = shades
    with pytest.raises(DataError, match="no numbers"):
        _search().fit(X, y.astype(str).astype(object) + "px")
    with pytest.raises(DataError, match="2 folds need at least 4 images; got 3"):
        _search().fit(X[:3], y[:3])


def test_pickle_and_clone(shades: Shades) -> None:
    X, y = shades
    search = _search(cut_layers="stem").fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(search).predict(X)
