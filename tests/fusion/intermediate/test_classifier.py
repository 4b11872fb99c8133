"""Intermediate fusion of classes."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from hybridml import IntermediateFusionClassifier
from hybridml.exceptions import InvalidParameterError
from hybridml.finetune.watching.callbacks import Callback

METHODS = ["concat", "gated", "low_rank", "attention"]
SMALL: dict[str, Any] = {"width": 16, "epochs": 30, "device": "cpu"}


def _fit(modalities: Any, table: Any, **options: Any) -> IntermediateFusionClassifier:
    return IntermediateFusionClassifier(modalities, **{**SMALL, **options}).fit(*table)


@pytest.mark.parametrize("method", METHODS)
def test_classes_are_learned(method: str, table: Any, modalities: Any) -> None:
    X, y = table
    model = _fit(modalities, table, method=method)
    assert model.score(X, y) > 0.7
    assert model.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(len(X)))


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_what_no_modality_shows_alone_is_learned(method: str) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.choice([-1.0, 1.0], (200, 2)), columns=["a", "b"])
    X += rng.normal(0, 0.1, X.shape)
    y = X["a"] * X["b"] > 0
    either = [("a", StandardScaler(), ["a"]), ("b", StandardScaler(), ["b"])]
    options = {"dropout": 0.1, "input_dropout": 0.0, "auxiliary_weight": 0.0}
    model = _fit(either, (X, y), method=method, **options, epochs=60)
    assert model.score(X, y) > 0.95
    alone = _fit(either[:1], (X, y), method=method, **options)
    assert alone.score(X, y) < 0.7


@pytest.mark.parametrize("missing", ["networks", "dropout"])
def test_every_row_is_predicted_whatever_it_lacks(
    missing: str, table: Any, modalities: Any
) -> None:
    X, y = table
    model = _fit(modalities, table, missing=missing)
    gap = X.astype(object).copy()
    gap.loc[::2, "word"] = None
    gap.loc[::3, ["size", "age"]] = None
    probabilities = model.predict_proba(gap)
    assert np.isfinite(probabilities).all()
    lost = gap[["size", "age", "word"]].isna().all(axis=1).to_numpy()
    assert probabilities[lost] == pytest.approx(np.full((lost.sum(), 3), 1 / 3))
    assert model.score(gap[~lost], y[~lost]) > 0.5


def test_rows_do_not_depend_on_their_company(table: Any, modalities: Any) -> None:
    X, _ = table
    X = X.copy()
    model = _fit(modalities, table)
    X.loc[::3, "word"] = None
    all_at_once = model.predict_proba(X)
    one_by_one = np.vstack([model.predict_proba(X.iloc[[i]]) for i in range(9)])
    assert one_by_one == pytest.approx(all_at_once[:9], abs=1e-5)


def test_two_fits_agree_bit_for_bit(table: Any, modalities: Any) -> None:
    X, _ = table
    first = _fit(modalities, table, random_state=3).predict_proba(X)
    second = _fit(modalities, table, random_state=3).predict_proba(X)
    assert (first == second).all()
    other = _fit(modalities, table, random_state=4).predict_proba(X)
    assert not (first == other).all()


def test_clone_and_pickle(table: Any, modalities: Any) -> None:
    X, _ = table
    model = _fit(modalities, table)
    assert not hasattr(clone(model), "networks_")
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict_proba(X) == model.predict_proba(X)).all()


def test_several_labels(table: Any, modalities: Any) -> None:
    X, y = table
    labels = np.column_stack([y == "a", y != "b"]).astype(int)
    model = _fit(modalities, (X, labels))
    assert model.predict(X).shape == model.predict_proba(X).shape == (90, 2)
    assert (model.predict(X) == labels).mean() > 0.75


def test_balanced_weights_serve_the_rare_class(table: Any, modalities: Any) -> None:
    X, y = table
    rare = np.where(np.arange(len(y)) < 75, "b", y)
    plain = _fit(modalities, (X, rare))
    balanced = _fit(modalities, (X, rare), class_weight="balanced")
    assert (balanced.predict(X) != "b").sum() > (plain.predict(X) != "b").sum()


def test_shuffled_labels_give_chance(modalities: Any, table: Any) -> None:
    X, y = table
    shuffled = np.random.default_rng(3).permutation(y)
    model = _fit(modalities, (X[:60], shuffled[:60]))
    assert model.score(X[60:], shuffled[60:]) < 1 / 3 + 3 * np.sqrt(2 / 9 / 30)


def test_methods_and_nested_parameters_are_searched(
    table: Any, modalities: Any
) -> None:
    grid = {"method": ["concat", "gated"], "word__analyzer": ["word", "char"]}
    model = IntermediateFusionClassifier(modalities, **{**SMALL, "epochs": 3})
    search = GridSearchCV(model, grid, cv=2).fit(*table)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.slow
def test_early_stopping_and_history(table: Any, modalities: Any) -> None:
    class Count(Callback):
        epochs = 0

        def on_epoch_end(self, estimator: Any, metrics: Any) -> None:
            type(self).epochs += 1

    model = _fit(
        modalities,
        table,
        epochs=200,
        patience=3,
        validation_fraction=0.2,
        callbacks=[Count()],
    )
    assert model.n_epochs_ == 200
    assert model.best_epoch_ < len(model.history_) < 200
    assert len(model.history_) == Count.epochs
    assert {"epoch", "train_loss", "valid_loss"} <= set(model.history_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "gate"}, "Did you mean 'gated'|'gated'"),
        ({"dropout": 1.5, "width": 0}, "dropout.*width|width.*dropout"),
        ({"epochs": 0}, "epochs"),
        ({"missing": "zero"}, "missing"),
    ],
)
def test_wrong_parameters_are_named(
    options: Any, message: str, table: Any, modalities: Any
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        IntermediateFusionClassifier(modalities, **options).fit(*table)
