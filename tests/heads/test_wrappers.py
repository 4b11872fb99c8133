"""The wrappers round an estimator keep sklearn's rules and name what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from hybridml.exceptions import DataError
from hybridml.heads import CalibratedHead, MultiLabelHead, ScaledTargetHead


def expected_failures(estimator: object) -> dict[str, str]:
    if isinstance(estimator, ScaledTargetHead):
        return {}
    reason = "folds are cut by position, so that removing rows moves the others"
    checks = ["dense_data", "sparse_data"]
    return {f"check_sample_weight_equivalence_on_{kind}": reason for kind in checks}


@parametrize_with_checks(
    [CalibratedHead(LinearSVC()), ScaledTargetHead(Ridge())],
    expected_failed_checks=expected_failures,
)
@pytest.mark.filterwarnings("ignore")  # the checks provoke warnings on purpose
def test_wrappers_keep_the_rules_of_scikit_learn(estimator, check) -> None:
    check(estimator)


def test_as_many_folds_as_the_smallest_class_has_members() -> None:
    X, y = np.random.default_rng(0).normal(size=(30, 4)), np.repeat([0, 1], [3, 27])
    assert CalibratedHead(LinearSVC()).fit(X, y).n_folds_ == 3
    assert CalibratedHead(LinearSVC(), max_folds=2).fit(X, y).n_folds_ == 2


def test_a_class_with_one_member_cannot_be_calibrated() -> None:
    with pytest.raises(
        DataError, match=r"single example of class 'b'.*calibrate=False"
    ):
        CalibratedHead(LinearSVC()).fit([[0.0], [1.0], [2.0]], ["a", "b", "a"])


def test_one_class_cannot_be_calibrated() -> None:
    with pytest.raises(DataError, match="1 class; expected at least 2"):
        CalibratedHead(LinearSVC()).fit([[0.0], [1.0]], ["a", "a"])


def test_constant_targets_are_predicted_as_they_are() -> None:
    head = ScaledTargetHead(Ridge()).fit([[0.0], [1.0]], [7.0, 7.0])
    np.testing.assert_allclose(head.predict([[5.0]]), [7.0])


@pytest.mark.parametrize("n_labels", [2, 3])
@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "f1_macro"])
def test_scorers_of_scikit_learn_judge_labels(n_labels: int, scoring: str) -> None:
    X = np.random.default_rng(0).normal(size=(40, n_labels))
    head = MultiLabelHead(LogisticRegression()).fit(X, X > 0)
    assert get_scorer(scoring)(head, X, X > 0) > 0.9


@pytest.mark.parametrize("y", [[0, 1], [[0, 2], [1, 0]], [["a", "b"], ["b", "a"]]])
def test_labels_are_a_table_of_0_and_1(y: list) -> None:
    with pytest.raises(DataError, match="expected a column of 0 and 1 for each label"):
        MultiLabelHead(LinearSVC()).fit([[0.0], [1.0]], y)


def test_missing_targets_are_refused() -> None:
    with pytest.raises(DataError, match="Got y=None"):
        ScaledTargetHead(Ridge()).fit([[0.0]], None)


def test_an_unknown_parameter_is_refused_by_the_estimator_inside() -> None:
    with pytest.raises(
        ValueError, match="Invalid parameter 'nope' for estimator Ridge"
    ):
        ScaledTargetHead(Ridge()).set_params(nope=1)
