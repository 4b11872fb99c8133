"""Early fusion of classes."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import DataError, InvalidParameterError, UnknownHeadError
from hybridml.fusion import EarlyFusionClassifier


def _fit(modalities: Any, table: Any, **options: Any) -> EarlyFusionClassifier:
    options = {"head": "logistic", "weights": "equal", **options}
    return EarlyFusionClassifier(modalities, **options).fit(*table)


def test_together_is_better_than_alone(table: Any, modalities: Any) -> None:
    X, y = table
    alone = [
        cross_val_score(EarlyFusionClassifier([one], head="logistic"), X, y).mean()
        for one in modalities
    ]
    both = EarlyFusionClassifier(modalities, head="logistic")
    assert cross_val_score(both, X, y).mean() > max(alone) + 0.03


@pytest.mark.parametrize("hidden", [0, 1])
def test_a_hidden_modality_is_as_if_it_had_never_been(
    hidden: int, table: Any, modalities: Any
) -> None:
    X, _y = table
    head = LogisticRegression(C=10)
    name, _, columns = modalities[hidden]
    gap = X.astype(object).copy()
    gap[columns] = None
    full = _fit(modalities, table, head=head)
    rest = [one for one in modalities if one[0] != name]
    without = _fit(rest, table, head=head)
    assert (full.predict(gap) == without.predict(X)).all()


def test_a_row_that_lacks_everything_gets_the_prior(
    table: Any, modalities: Any
) -> None:
    nothing = pd.DataFrame({"size": [None], "age": [None], "word": [""]})
    model = _fit(modalities, table)
    assert model.predict_proba(nothing)[0] == pytest.approx([1 / 3] * 3)


def test_gaps_in_training_are_lived_with(table: Any, modalities: Any) -> None:
    X, y = table
    X = X.copy()
    X.loc[::3, "word"] = None
    X.loc[1::5, ["size", "age"]] = np.nan
    assert _fit(modalities, (X, y)).score(X, y) > 0.6


@pytest.mark.parametrize("missing", ["submodels", "zero"])
def test_rows_do_not_depend_on_their_company(
    missing: str, table: Any, modalities: Any
) -> None:
    X, y = table
    X = X.copy()
    X.loc[::3, "word"] = None
    model = _fit(modalities, (X, y), missing=missing)
    all_at_once = model.predict_proba(X)
    one_by_one = np.vstack([model.predict_proba(X.iloc[[i]]) for i in range(12)])
    assert one_by_one == pytest.approx(all_at_once[:12], abs=1e-9)


def test_columns_may_change_places_and_have_company(
    table: Any, modalities: Any
) -> None:
    X, _y = table
    model = _fit(modalities, table)
    other = X[X.columns[::-1]].assign(more=1)
    assert (model.predict(other) == model.predict(X)).all()
    with pytest.raises(DataError, match="lacks the column 'word'"):
        model.predict(X.drop(columns="word"))


def test_noise_weighs_less(table: Any) -> None:
    X, y = table
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(len(X), 30))).add_prefix("noise")
    modalities = [
        ("told", StandardScaler(), ["size", "age"]),
        ("noise", StandardScaler(), list(wide.columns)),
    ]
    model = EarlyFusionClassifier(modalities, head="logistic")
    model.fit(pd.concat([X, wide], axis=1), y)
    assert model.weights_["noise"] < model.weights_["told"]


def test_shuffled_labels_give_chance(modalities: Any, table: Any) -> None:
    X, y = table
    shuffled = np.random.default_rng(3).permutation(y)
    model = EarlyFusionClassifier(modalities, head="logistic")
    scores = cross_val_score(model, X, shuffled, cv=5)
    assert scores.mean() < 1 / 3 + 3 * np.sqrt(2 / 9 / len(y))


@pytest.mark.parametrize(
    "head", ["logistic", "linear_svm", "rbf_svm", "ridge", "xgboost"]
)
def test_every_head_gives_probabilities(head: str, table: Any, modalities: Any) -> None:
    X, y = table
    model = _fit(modalities, table, head=head)
    probabilities = model.predict_proba(X)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(X)))
    assert model.score(X, y) > 0.6


def test_several_labels(table: Any, modalities: Any) -> None:
    X, y = table
    labels = np.column_stack([y == "a", y != "b", np.zeros(len(y))]).astype(int)
    model = _fit(modalities, (X, labels), head="auto")
    assert model.predict(X).shape == model.predict_proba(X).shape == (90, 3)
    assert (model.predict(X)[:, :2] == labels[:, :2]).mean() > 0.75
    assert (model.predict(X)[:, 2] == 0).all()
    assert [list(c) for c in model.classes_] == [[0, 1]] * 3


def test_nested_parameters_are_searched(table: Any, modalities: Any) -> None:
    grid = {
        "word__analyzer": ["word", "char"],
        "head__C": [0.1, 10.0],
        "weights": ["equal", {"word": 2.0}],
    }
    model = EarlyFusionClassifier(modalities, head=LogisticRegression())
    search = GridSearchCV(model, grid, cv=2).fit(*table)
    assert len(search.cv_results_["params"]) == 8
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert modalities[1][1].analyzer == "word"


def test_clone_and_pickle(table: Any, modalities: Any) -> None:
    X, _ = table
    model = _fit(modalities, table)
    copied = clone(model)
    assert not hasattr(copied, "classes_")
    assert copied.get_params()["word"] is not model.get_params()["word"]
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict_proba(X) == model.predict_proba(X)).all()


def test_two_fits_agree_and_leave_X_alone(table: Any, modalities: Any) -> None:
    X, _y = table
    before = X.copy()
    first = _fit(modalities, table, head="auto", weights="auto").predict_proba(X)
    second = _fit(modalities, table, head="auto", weights="auto").predict_proba(X)
    assert (first == second).all()
    pd.testing.assert_frame_equal(X, before)


def test_balanced_weights_serve_the_rare_class(modalities: Any, table: Any) -> None:
    X, y = table
    rare = np.where(np.arange(len(y)) < 75, "b", y)
    plain = _fit(modalities, (X, rare))
    balanced = _fit(modalities, (X, rare), class_weight="balanced")
    assert (balanced.predict(X) != "b").sum() > (plain.predict(X) != "b").sum()


@pytest.mark.parametrize("n_components", [1, 0.9, {"numbers": 1}])
def test_principal_components(n_components: Any, table: Any, modalities: Any) -> None:
    model = _fit(modalities, table, n_components=n_components)
    assert model.score(*table) > 0.5


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"head": "logistik"}, UnknownHeadError, "Did you mean 'logistic'"),
        ({"head": LogisticRegression}, InvalidParameterError, "name of a head"),
        ({"head": []}, InvalidParameterError, "at least one head"),
        ({"weights": {"photo": 1.0}}, InvalidParameterError, "names of modalities"),
        ({"weights": "even", "cv": 1}, InvalidParameterError, "weights.*cv"),
        ({"missing": "drop"}, InvalidParameterError, "'submodels' or 'zero'"),
        ({"n_components": 0}, InvalidParameterError, "n_components"),
        ({"n_components": {"photo": 3}}, InvalidParameterError, "n_components"),
    ],
)
def test_wrong_parameters_are_named(
    options: Any, error: Any, message: str, table: Any, modalities: Any
) -> None:
    with pytest.raises(error, match=message):
        EarlyFusionClassifier(modalities, **options).fit(*table)


def test_nothing_to_tell_apart(table: Any, modalities: Any) -> None:
    X, _ = table
    with pytest.raises(DataError, match="only one class"):
        EarlyFusionClassifier(modalities).fit(X, ["a"] * len(X))


def test_array_input_is_a_table_of_numbers() -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = X[:, 0] > 0
    model = EarlyFusionClassifier(
        [("left", StandardScaler(), [0]), ("right", StandardScaler(), slice(1, 3))]
    ).fit(X, y)
    assert model.score(X, y) > 0.9
    with pytest.raises(ValueError, match="4 features"):
        model.predict(np.zeros((1, 4)))


def test_text_alone_stays_sparse(table: Any) -> None:
    X, y = table
    model = _fit([("word", TfidfVectorizer(), "word")], table)
    assert model.head_.n_features_in_ == 4
    assert model.score(X, y) > 0.6
