"""One estimator does each of the five cases, and a search can choose among them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.utils import get_tags

from hybridml import (
    FeatureStore,
    FineTuneClassifier,
    PretrainedClassifier,
    TransferClassifier,
)
from hybridml.exceptions import (
    DataError,
    InvalidParameterError,
    UnknownCutLayerError,
    UnknownHeadError,
)
from hybridml.testing import make_photos
from hybridml.transfer import CASES, CutLayerSearch

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]
Contain = Callable[[npt.NDArray[np.uint8]], Any]


def _classifier(**changed: Any) -> TransferClassifier:
    quick = {"backbone": "tiny", "store": None, "epochs": 1, "precision": "fp32"}
    return TransferClassifier(**{**quick, **changed})


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_every_case_fits_and_predicts(photos: Photos, case: int) -> None:
    X, y = photos
    model = _classifier(case=case, calibrate=True).fit(X, y)
    assert set(model.predict(X)) <= set(y)
    assert model.classes_.tolist() == ["class0", "class1"]
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    if case < 4:
        assert model.score(X, y) == 1.0


@pytest.mark.parametrize(
    ("case", "kind", "params"),
    [
        (0, PretrainedClassifier, {"class_map": "learn"}),
        (2, FineTuneClassifier, {"trainable": "last2", "weights": "default"}),
        (3, FineTuneClassifier, {"trainable": "all", "weights": "default"}),
        (4, FineTuneClassifier, {"trainable": "all", "weights": None}),
    ],
)
def test_case_is_done_by_its_estimator(
    photos: Photos, case: int, kind: type, params: dict[str, Any]
) -> None:
    estimator = _classifier(case=case).fit(*photos).estimator_
    assert type(estimator) is kind
    assert estimator.get_params().items() >= params.items()


def test_case_1_is_an_extractor_and_a_head(photos: Photos) -> None:
    model = _classifier(head="ridge", cut_layer="stem", pooling="max").fit(*photos)
    extractor, head = model.estimator_
    assert (extractor.cut_layer, extractor.pooling) == ("stem", "max")
    assert type(head[-1]).__name__ == "RidgeClassifier"


def test_case_1_is_cut_at_a_position(photos: Photos) -> None:
    named = _classifier(head="ridge", cut_layer="stem").fit(*photos)
    model = _classifier(head="ridge", cut_layer=0).fit(*photos)
    np.testing.assert_array_equal(model.predict(photos[0]), named.predict(photos[0]))
    assert model.estimator_[0].n_features_out_ == 8


@pytest.mark.parametrize(
    "several", [{"cut_layer": "all"}, {"cut_layer": ["stem"]}, {"head": ["ridge"]}]
)
def test_case_1_searches_where_several_are_given(
    photos: Photos, several: dict[str, Any]
) -> None:
    model = _classifier(**several).fit(*photos)
    assert isinstance(model.estimator_, CutLayerSearch)


def test_parameters_reach_the_estimator(photos: Photos, case: int) -> None:
    shared = {"random_state": 3, "n_jobs": 1, "image_size": 24}
    estimator = _classifier(case=case, **shared).fit(*photos).estimator_
    chosen = estimator[0] if case == 1 else estimator
    assert chosen.get_params().items() >= shared.items()


@pytest.mark.parametrize(
    ("params", "has_probabilities"),
    [
        ({"case": 0}, True),
        ({"case": 1}, False),
        ({"case": 1, "calibrate": True}, True),
        ({"case": 1, "head": "logistic"}, True),
        ({"case": 1, "cut_layer": "all", "head": "logistic"}, True),
        ({"case": 1, "cut_layer": "all"}, False),
        ({"case": 3}, True),
    ],
)
def test_probabilities_are_promised_only_where_they_come(
    photos: Photos, params: dict[str, Any], has_probabilities: bool
) -> None:
    model = _classifier(**params)
    assert hasattr(model, "predict_proba") == has_probabilities
    model.fit(*photos)
    assert hasattr(model, "predict_proba") == has_probabilities
    only_ranks = params["case"] == 1 and not params.get("calibrate")
    assert hasattr(model, "decision_function") == only_ranks


def test_grid_search_chooses_the_case(photos: Photos) -> None:
    grid = {"case": [0, 1, 4], "backbone": ["tiny"]}
    search = GridSearchCV(_classifier(), grid, cv=2).fit(*photos)
    assert search.cv_results_["mean_test_score"].shape == (3,)
    assert search.best_params_["case"] in (0, 1)
    assert search.predict(photos[0][:2]).shape == (2,)


def test_pickle_predicts_the_same(photos: Photos, case: int) -> None:
    X, y = photos
    model = _classifier(case=case, calibrate=True).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_clone_is_unfitted(photos: Photos, case: int) -> None:
    model = _classifier(case=case, head="logistic").fit(*photos)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    for method in (copied.predict, copied.predict_proba):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            method(photos[0])


def test_two_fits_with_one_seed_agree(photos: Photos, case: int) -> None:
    X, y = photos
    first, again = (
        _classifier(case=case, calibrate=True).fit(X, y).predict_proba(X)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


@pytest.fixture
def labelled() -> Photos:
    X, y = make_photos(24, n_classes=3)
    return X, np.column_stack([y == "class0", y != "class2"]).astype(int)


def test_every_case_tells_several_labels(labelled: Photos, case: int) -> None:
    X, present = labelled
    model = _classifier(case=case, calibrate=True).fit(X, present)
    proba = model.predict_proba(X)
    assert proba.shape == (24, 2)
    np.testing.assert_array_equal(model.predict(X), proba > 0.5)
    assert [two.tolist() for two in model.classes_] == [[0, 1], [0, 1]]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_grid_search_chooses_the_case_for_several_labels(labelled: Photos) -> None:
    grid = {"case": [0, 1, 4]}
    search = GridSearchCV(_classifier(head="logistic"), grid, cv=2, scoring="roc_auc")
    search.fit(*labelled)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_score_ > 0.7


def test_class_weights_reach_the_case(photos: Photos) -> None:
    model = _classifier(class_weight="balanced").fit(*photos)
    assert model.estimator_[-1]["head"].class_weight == "balanced"


def test_refit_forgets(photos: Photos) -> None:
    X, y = make_photos(18, n_classes=3)
    model = _classifier(case=0).fit(X, y)
    model.set_params(case=1).fit(*photos)
    assert model.classes_.tolist() == ["class0", "class1"]
    assert not isinstance(model.estimator_, PretrainedClassifier)


def test_refit_on_classes_forgets_the_labels(photos: Photos, labelled: Photos) -> None:
    model = _classifier(case=0).fit(*labelled).fit(*photos)
    assert model.classes_.tolist() == ["class0", "class1"]
    assert set(model.predict(photos[0])) == {"class0", "class1"}


def test_fit_does_not_modify_its_input(photos: Photos, case: int) -> None:
    X, y = photos
    copies = X.copy(), y.copy()
    _classifier(case=case).fit(X, y)
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(y, copies[1])


def test_order_of_the_images_does_not_change_their_predictions(photos: Photos) -> None:
    X, y = photos
    model = _classifier(head="logistic").fit(X, y)
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_array_equal(
        model.predict_proba(X[order]), model.predict_proba(X)[order]
    )


@pytest.mark.parametrize("case", [0, 1])
def test_every_container_gives_the_same_scores(
    photos: Photos, contain: Contain, case: int
) -> None:
    X, y = photos
    model = _classifier(case=case, head="logistic")
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    given = contain(X)
    found = cross_val_predict(model, given, y, cv=folds, method="predict_proba")
    expected = cross_val_predict(model, X, y, cv=folds, method="predict_proba")
    np.testing.assert_array_equal(found, expected)
    assert cross_val_score(model, given, y, cv=folds).mean() > 0.9


@pytest.mark.parametrize("case", [-1, 5, "1", None, True, 1.0])
def test_unknown_case_is_named(photos: Photos, case: Any) -> None:
    with pytest.raises(
        InvalidParameterError, match=r"Got case=.*; expected 0 to 4 \(0"
    ):
        _classifier(case=case).fit(*photos)


def test_case_may_be_a_numpy_number(photos: Photos) -> None:
    assert _classifier(case=np.int64(1)).fit(*photos).score(*photos) == 1.0


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"head": "svm"}, UnknownHeadError, "Got head='svm'"),
        ({"cut_layer": "stm"}, UnknownCutLayerError, "Did you mean 'stem'"),
        ({"pooling": "avg"}, InvalidParameterError, "Got pooling='avg'"),
        ({"case": 3, "epochs": -1}, InvalidParameterError, "Got epochs=-1"),
        ({"case": 0, "class_map": "x"}, InvalidParameterError, "Got class_map='x'"),
    ],
)
def test_wrong_parameters_are_named(
    photos: Photos, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _classifier(**changed).fit(*photos)


def test_unusable_labels_are_refused(photos: Photos) -> None:
    with pytest.raises(DataError, match="Got 16 images and 3 labels"):
        _classifier().fit(photos[0], [0, 1, 0])


def test_features_come_from_the_store(photos: Photos, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    for case in (0, 1):
        _classifier(case=case, store=store).fit(*photos)
    assert store.stats()["images_forwarded"] == len(photos[0])


def test_scikit_learn_is_told_of_images() -> None:
    tags = get_tags(_classifier())
    assert tags.estimator_type == "classifier"
    assert tags.classifier_tags.multi_label
    assert not tags.input_tags.two_d_array
    assert tags.input_tags.string


def test_why_there_are_no_probabilities_is_said() -> None:
    model = TransferClassifier("tiny", case=1, head="linear_svm")
    with pytest.raises(AttributeError) as error:
        model.predict_proba  # noqa: B018
    assert "pass calibrate=True, or head='logistic'" in str(error.value.__cause__)
