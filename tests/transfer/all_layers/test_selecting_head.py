"""The head that selects learns from the columns that matter, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from hybridml.transfer.all_layers.selecting_head import SelectingHead

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(80, 20)).astype(np.float32)
LABELS = np.where(FEATURES[:, 3] + FEATURES[:, 11] > 0, "more", "less")


def _head(**changed: object) -> SelectingHead:
    given = {"strength": 0.1, "fraction": 0.1, "params": {"head__C": 1.0}}
    return SelectingHead("classification", **{**given, **changed})


def test_columns_that_matter_are_kept() -> None:
    head = _head().fit(FEATURES, LABELS)
    assert head.kept_.tolist() == [3, 11]
    assert set(head.relevance_.argsort()[-2:]) == {3, 11}
    assert head.head_.n_features_in_ == 2
    assert (head.predict(FEATURES) == LABELS).mean() > 0.9


def test_probabilities_are_in_the_order_of_the_classes() -> None:
    head = _head().fit(FEATURES, LABELS)
    proba = head.predict_proba(FEATURES)
    assert head.classes_.tolist() == ["less", "more"]
    assert (head.classes_[proba.argmax(axis=1)] == head.predict(FEATURES)).all()


def test_other_columns_do_not_matter() -> None:
    head = _head().fit(FEATURES, LABELS)
    changed = FEATURES.copy()
    changed[:, [0, 5, 19]] = 99
    np.testing.assert_array_equal(
        head.predict_proba(changed), head.predict_proba(FEATURES)
    )


def test_numbers_are_learned_by_a_ridge() -> None:
    numbers = FEATURES[:, 3] - 2 * FEATURES[:, 7]
    params = {"head__alpha": 1.0}
    head = SelectingHead("regression", strength=0.1, fraction=0.1, params=params)
    head.fit(FEATURES, numbers)
    assert head.kept_.tolist() == [3, 7]
    assert np.corrcoef(head.predict(FEATURES), numbers)[0, 1] == pytest.approx(
        1, abs=0.01
    )


def test_it_can_be_cloned() -> None:
    assert clone(_head()).get_params() == _head().get_params()
