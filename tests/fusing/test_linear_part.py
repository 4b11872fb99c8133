"""Heads split into a linear map and the rest, against the whole heads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.svm import SVC, LinearSVC

from hybridml import list_heads, make_head
from hybridml.exceptions import FusingError
from hybridml.fusing.linear_part import split_linear

LINEAR = ("linear_svm", "logistic", "ridge")
OTHERS = [
    make_pipeline(StandardScaler(), PCA(4, whiten=True), LinearSVC()),
    make_pipeline(StandardScaler(), CalibratedClassifierCV(LinearSVC(), cv=2)),
    CalibratedClassifierCV(make_pipeline(StandardScaler(), LinearSVC()), cv=2),
    make_pipeline(OneVsRestClassifier(LogisticRegression())),
    SGDClassifier(random_state=0),
]


@pytest.fixture(scope="module")
def features() -> npt.NDArray[np.float32]:
    random = np.random.default_rng(0)
    return random.normal(3, 2, (60, 8)).astype(np.float32)


def _targets(features: npt.NDArray[Any], task: str) -> npt.NDArray[Any]:
    if task == "multilabel":
        return (features[:, :3] > 3).astype(int)
    if task == "regression":
        return np.asarray(features[:, 0] * 100 + features[:, 1])
    n_classes = 2 if task == "two classes" else 4
    return np.array(list("abcd"))[(features[:, 0] * 7).astype(int) % n_classes]


def _check(head: Any, features: npt.NDArray[Any]) -> None:
    part = split_linear(head)
    scores = features.astype(np.float64) @ part.weights.T + part.bias
    for method in ("predict", "predict_proba", "decision_function"):
        assert hasattr(part.rest, method) == hasattr(head, method)
        if not hasattr(head, method):
            continue
        found = getattr(part.rest, method)(scores)
        expected = getattr(head, method)(features)
        if expected.dtype.kind == "f":
            assert np.allclose(found, expected, rtol=1e-5, atol=1e-6)
        else:
            assert np.array_equal(found, expected)
        assert found.shape == expected.shape


@pytest.mark.parametrize("calibrate", [False, True])
@pytest.mark.parametrize("task", ["two classes", "four classes", "multilabel"])
@pytest.mark.parametrize("name", LINEAR)
def test_linear_classifiers_are_split(
    name: str, task: str, calibrate: bool, features: npt.NDArray[Any]
) -> None:
    kind: Any = "multilabel" if task == "multilabel" else "classification"
    head = make_head(name, task=kind, calibrate=calibrate)
    _check(head.fit(features, _targets(features, task)), features)


@pytest.mark.parametrize("name", ["linear_svm", "ridge"])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_linear_regressors_are_split(
    name: str, n_targets: int, features: npt.NDArray[Any]
) -> None:
    y = _targets(features, "regression")
    if n_targets == 2:
        y = np.column_stack([y, -y])
    _check(make_head(name, task="regression").fit(features, y), features)


@pytest.mark.parametrize("head", OTHERS, ids=lambda head: str(head)[:40])
@pytest.mark.parametrize("task", ["two classes", "four classes"])
def test_scikit_learns_own_linear_heads_are_split(
    head: Any, task: str, features: npt.NDArray[Any]
) -> None:
    _check(clone(head).fit(features, _targets(features, task)), features)


def test_threshold_is_kept(features: npt.NDArray[Any]) -> None:
    y = _targets(features, "two classes")
    head = FixedThresholdClassifier(
        LogisticRegression(), threshold=0.9, pos_label="b"
    ).fit(features, y)
    assert not np.array_equal(head.predict(features), head.estimator_.predict(features))
    _check(head, features)


def test_regression_without_intercept(features: npt.NDArray[Any]) -> None:
    y = _targets(features, "regression")
    _check(LinearRegression(fit_intercept=False).fit(features, y), features)


def test_head_is_not_changed(features: npt.NDArray[Any]) -> None:
    head = make_head("linear_svm", calibrate=True)
    head.fit(features, _targets(features, "two classes"))
    before = head.predict_proba(features)
    split_linear(head)
    assert np.array_equal(head.predict_proba(features), before)


@pytest.mark.parametrize("name", sorted({*list_heads("classification")} - {*LINEAR}))
@pytest.mark.parametrize("calibrate", [False, True])
def test_other_heads_are_refused(
    name: str, calibrate: bool, features: npt.NDArray[Any]
) -> None:
    y = _targets(features, "two classes")
    head = make_head(name, calibrate=calibrate).fit(features, y)
    with pytest.raises(FusingError, match="expected a linear SVM"):
        split_linear(head)


def test_svm_with_a_linear_kernel_is_refused(features: npt.NDArray[Any]) -> None:
    head = SVC(kernel="linear").fit(features, _targets(features, "two classes"))
    with pytest.raises(FusingError, match="Got the head SVC"):
        split_linear(head)


def test_head_with_another_reader_of_features_is_refused(
    features: npt.NDArray[Any],
) -> None:
    mixed = StackingClassifier(
        [("knn", KNeighborsClassifier()), ("line", LogisticRegression())], cv=2
    ).fit(features, _targets(features, "two classes"))
    with pytest.raises(FusingError, match="StackingClassifier"):
        split_linear(mixed)


def test_step_that_is_not_affine_is_named(features: npt.NDArray[Any]) -> None:
    head = make_pipeline(Normalizer(), LinearSVC())
    head.fit(features, _targets(features, "two classes"))
    with pytest.raises(FusingError, match="'normalizer'"):
        split_linear(head)
