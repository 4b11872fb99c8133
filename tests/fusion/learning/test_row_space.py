"""Turned rows are the same rows to heads that see scalar products alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from hybridml.fusion.early.joined import join
from hybridml.fusion.learning.row_space import (
    RowSpace,
    is_worth_turning,
    sees_scalar_products_only,
)
from hybridml.fusion.learning.unit_rbf import unit_rbf
from hybridml.heads.multilabel_head import MultiLabelHead

RNG = np.random.default_rng(0)
DENSE = RNG.normal(size=(40, 60))
SPARSE = csr_array(RNG.random((40, 300)) * (RNG.random((40, 300)) < 0.05))
WEIGHTS = np.array([1.2, 0.4])
Y = (DENSE[:, 0] > 0).astype(int)


def _both() -> tuple[Any, Any]:
    joined = join([DENSE, SPARSE], WEIGHTS)
    return joined, RowSpace.of([DENSE, SPARSE]).coordinates(WEIGHTS / np.sqrt(2))


def test_scalar_products_are_kept() -> None:
    joined, turned = _both()
    products = (joined @ joined.T).toarray()
    np.testing.assert_allclose(turned @ turned.T, products, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "head",
    [
        LogisticRegression(C=10.0, tol=1e-10, max_iter=10_000),
        SVC(kernel=unit_rbf, C=10.0),
        SVC(kernel="linear"),
    ],
    ids=["logistic", "rbf_svm", "linear"],
)
def test_heads_say_the_same_of_rows_they_have_not_seen(head: Any) -> None:
    said = [
        head.fit(rows[:30], Y[:30]).decision_function(rows[30:])
        for rows in (_both()[0].toarray(), _both()[1])
    ]
    np.testing.assert_allclose(said[0], said[1], rtol=1e-4, atol=1e-4)


def test_rows_may_repeat_each_other() -> None:
    rows = np.repeat(DENSE[:5], 4, axis=0)
    turned = RowSpace.of([rows]).coordinates(np.ones(1))
    np.testing.assert_allclose(turned @ turned.T, rows @ rows.T, atol=1e-5)


def test_rows_of_nothing_are_no_error() -> None:
    turned = RowSpace.of([np.zeros((4, 9))]).coordinates(np.ones(1))
    np.testing.assert_allclose(turned, 0.0, atol=1e-6)


def test_some_blocks_and_rows_are_taken() -> None:
    rows = np.array([3, 1, 7])
    taken = RowSpace.of([DENSE, SPARSE]).take([1], rows).coordinates(np.ones(1))
    expected = (SPARSE[rows] @ SPARSE[rows].T).toarray()
    np.testing.assert_allclose(taken @ taken.T, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("head", "sees"),
    [
        (LogisticRegression(), True),
        (MultiLabelHead(LogisticRegression()), True),
        (LinearSVC(), True),
        (Ridge(), True),
        (SVC(kernel=unit_rbf), True),
        (SVC(kernel="poly"), False),
        (SVC(), False),  # its gamma depends on the variance of the features
        (Ridge(positive=True), False),
        (LinearSVC(penalty="l1"), False),
        (LogisticRegression(l1_ratio=0.5, solver="saga"), False),
        (Lasso(), False),
        (KNeighborsClassifier(metric="manhattan"), False),
        (make_pipeline(StandardScaler(), LogisticRegression()), False),
    ],
    ids=lambda given: type(given).__name__,
)
def test_only_heads_that_surely_do_are_turned(head: Any, sees: bool) -> None:
    assert sees_scalar_products_only(head) is sees
    assert is_worth_turning([DENSE], [LogisticRegression(), head]) is sees


def test_narrow_blocks_are_left_as_they_are() -> None:
    assert not is_worth_turning([DENSE[:, :10], SPARSE[:, :5]], [LogisticRegression()])
