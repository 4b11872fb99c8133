"""XGBoost behind scikit-learn's rules: any labels, flat parameters, class weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from hybridml.exceptions import DataError

if TYPE_CHECKING:
    from xgboost import XGBModel


class _XGBoostHead(BaseEstimator):
    """What the classifier and the regressor share."""

    model_: XGBModel
    xgboost_version_: str

    @property
    def feature_importances_(self) -> npt.NDArray[np.float32]:
        """Share of each feature in the total gain; sums to one."""
        check_is_fitted(self)
        importances: npt.NDArray[np.float32] = self.model_.feature_importances_
        return importances

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class XGBoostClassifier(ClassifierMixin, _XGBoostHead):
    """Gradient-boosted trees for any labels.

    `xgboost.XGBClassifier` wants labels 0 to n - 1 with none missing and knows no class
    weights. This wrapper takes strings and any integers, also where a training fold
    lacks a class, and weighs classes by way of sample weights. Missing values (NaN) in
    the features are learned from, as XGBoost does.

    Parameters
    ----------
    n_estimators : int, default=200
        Number of boosting rounds.
    max_depth : int, default=4
        Depth of the trees.
    learning_rate : float, default=0.1
        Shrinkage of each round.
    subsample : float, default=0.8
        Share of the rows drawn for each tree.
    colsample_bytree : float, default=0.1
        Share of the features drawn for each tree. Deep features are many and say
        similar things, so that a small share costs no accuracy and saves time.
    min_child_weight : float, default=1.0
        Smallest sum of weights (second derivatives) in a leaf.
    reg_lambda : float, default=1.0
        L2 penalty on the leaves.
    class_weight : "balanced", dict or None, default=None
        As in scikit-learn; multiplied with the sample weights.
    tree_method : str, default="hist"
        XGBoost's way of building trees.
    device : str, default="cpu"
        Where the trees are built: "cpu", "cuda", "cuda:1". Predictions are made on the
        CPU, so that the head predicts wherever it is loaded.
    random_state : int, RandomState or None, default=None
        Draws the rows and features. None stands for XGBoost's own fixed seed.
    n_jobs : int or None, default=None
        Threads; None leaves the number to OpenMP.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_importances_ : ndarray of shape (n_features,), float32
        Share of each feature in the total gain.
    model_ : xgboost.XGBClassifier
        The fitted model; its classes are positions in `classes_`.
    xgboost_version_ : str
        The version of XGBoost that has fitted it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> iris = load_iris()
    >>> labels = iris.target_names[iris.target]
    >>> head = XGBoostClassifier(n_estimators=10, colsample_bytree=1.0)
    >>> [str(label) for label in head.fit(iris.data, labels).predict(iris.data[:1])]
    ['setosa']
    """

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        max_depth: int = 4,
        learning_rate: float = 0.1,
        subsample: float = 0.8,
        colsample_bytree: float = 0.1,
        min_child_weight: float = 1.0,
        reg_lambda: float = 1.0,
        class_weight: Any = None,
        tree_method: str = "hist",
        device: str = "cpu",
        random_state: Any = None,
        n_jobs: int | None = None,
    ):
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.class_weight = class_weight
        self.tree_method = tree_method
        self.device = device
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the trees.

        Raises
        ------
        DataError
            If `y` has one class only.
        """
        from xgboost import XGBClassifier

        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.classes_, positions = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"Got y with {len(self.classes_)} class; expected at least 2 classes."
            )
        weights = weights * compute_sample_weight(self.class_weight, y)
        self.model_ = _fit(XGBClassifier, self, X, positions, weights)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict the most probable label of each row."""
        positions = self.predict_proba(X).argmax(axis=1)
        predicted: npt.NDArray[Any] = self.classes_[positions]
        return predicted

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Predict the probability of each class, in the order of `classes_`."""
        X = _check_features(self, X)
        probabilities: npt.NDArray[np.float32] = self.model_.predict_proba(X)
        return probabilities


class XGBoostRegressor(RegressorMixin, _XGBoostHead):
    """Gradient-boosted trees for numbers: `XGBoostClassifier`'s counterpart.

    Several targets are learned one by one, each by trees of its own.

    Parameters
    ----------
    n_estimators, max_depth, learning_rate, subsample, colsample_bytree : optional
        As in `XGBoostClassifier`.
    min_child_weight, reg_lambda, tree_method, device, random_state, n_jobs : optional
        As in `XGBoostClassifier`.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_importances_ : ndarray of shape (n_features,), float32
        Share of each feature in the total gain.
    model_ : xgboost.XGBRegressor
        The fitted model.
    xgboost_version_ : str
        The version of XGBoost that has fitted it.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> XGBoostRegressor(n_estimators=10).fit(X, y).predict(X[:2]).shape
    (2,)
    """

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        max_depth: int = 4,
        learning_rate: float = 0.1,
        subsample: float = 0.8,
        colsample_bytree: float = 0.1,
        min_child_weight: float = 1.0,
        reg_lambda: float = 1.0,
        tree_method: str = "hist",
        device: str = "cpu",
        random_state: Any = None,
        n_jobs: int | None = None,
    ):
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.tree_method = tree_method
        self.device = device
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the trees to `y` of shape (n_rows,) or (n_rows, n_targets)."""
        from xgboost import XGBRegressor

        X, y = validate_data(
            self,
            X,
            y,
            ensure_all_finite="allow-nan",
            multi_output=True,
            y_numeric=True,
        )
        weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.model_ = _fit(XGBRegressor, self, X, y, weights)
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Predict the numbers of each row, in the shape of `y` in fit."""
        X = _check_features(self, X)
        return np.asarray(self.model_.predict(X), dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _fit(model_class: Any, head: _XGBoostHead, X: Any, y: Any, weights: Any) -> Any:
    import xgboost

    head.xgboost_version_ = xgboost.__version__
    settings = head.get_params()
    settings.pop("class_weight", None)  # is in the sample weights
    if settings["random_state"] is not None:
        seeds = check_random_state(settings["random_state"])
        settings["random_state"] = int(seeds.randint(np.iinfo(np.int32).max))
    model = model_class(**settings).fit(X, y, sample_weight=weights)
    model.set_params(device="cpu")  # features come from there, wherever it was trained
    return model


def _check_features(head: BaseEstimator, X: Any) -> Any:
    check_is_fitted(head)
    return validate_data(head, X, reset=False, ensure_all_finite="allow-nan")
