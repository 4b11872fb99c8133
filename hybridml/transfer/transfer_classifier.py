"""One estimator over the five transfer cases, so that a search can choose the case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from hybridml._image_input import ImageInput
from hybridml._labels import check_labels
from hybridml.backbones.cut_layer import CutLayer
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.transfer.cases.class_map import ClassMap
from hybridml.transfer.cases.making import CaseOptions, make_case


def _can(method: str) -> Callable[[TransferClassifier], bool]:
    """Whether the estimator of the case has a method, fitted or not."""

    def check(classifier: TransferClassifier) -> bool:
        fitted = getattr(classifier, "estimator_", None)
        if hasattr(fitted or classifier._make(), method):
            return True
        raise AttributeError(
            f"case={classifier.case} with head={classifier.head!r} has no {method}. "
            "For probabilities pass calibrate=True, or head='logistic'."
        )

    return check


class TransferClassifier(ImageInput, ClassifierMixin, BaseEstimator):
    """Classify images by one of the five ways of transferring a pretrained network.

    ==== =========================================== ==================================
    case what is done                                with
    ==== =========================================== ==================================
    0    the network as it is, its outputs mapped    `PretrainedClassifier`
    1    features at a cut layer and a shallow head  `DeepFeatureExtractor`, head
    2    the early layers frozen, the last two       `FineTuneClassifier`,
         fine-tuned                                  trainable="last2"
    3    everything fine-tuned                       `FineTuneClassifier`
    4    trained from scratch                        `FineTuneClassifier`, weights=None
    ==== =========================================== ==================================

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `list_backbones()`.
    case : {0, 1, 2, 3, 4}, default=1
    head : str or sequence of str, default="linear_svm"
        Case 1: one of `list_heads()`; of several the best is chosen.
    cut_layer : str, int, or sequence of them, default="penultimate"
        Case 1: where to cut, by name or by position among the stages; of several, or of
        "all" that the weights reach, the best is chosen.
    calibrate : bool, default=False
        Case 1: give heads without probabilities a `predict_proba`.
    pooling : str, default="mean"
        Case 1: how maps become one row; see `DeepFeatureExtractor`.
    class_map : "learn" or dict, default="learn"
        Case 0: see `PretrainedClassifier`.
    weights : "default", name, path or URL, default="default"
        What cases 0 to 3 start from.
    image_size : int or None, default=None
    epochs, augmentation
        Cases 2 to 4: see `FineTuneClassifier`.
    device, precision, store, random_state, n_jobs, verbose
        As for `DeepFeatureExtractor`.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of the case.
    classes_ : ndarray of shape (n_classes,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 6, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 6 + ["light"] * 6
    >>> model = TransferClassifier(image_size=64, store=None)
    >>> search = GridSearchCV(model, {"case": [0, 1]}, cv=2).fit(X, y)
    >>> bool(search.best_score_ > 0.9)
    True
    """

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        *,
        case: int = 1,
        head: str | Sequence[str] = "linear_svm",
        cut_layer: CutLayer = "penultimate",
        calibrate: bool = False,
        pooling: str = "mean",
        class_map: str | ClassMap = "learn",
        weights: str | Path | None = "default",
        image_size: int | None = None,
        epochs: str | int = "auto",
        augmentation: str = "standard",
        device: str = "auto",
        precision: str = "auto",
        store: str | Path | FeatureStore | None = "default",
        random_state: int = 0,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.case = case
        self.head = head
        self.cut_layer = cut_layer
        self.calibrate = calibrate
        self.pooling = pooling
        self.class_map = class_map
        self.weights = weights
        self.image_size = image_size
        self.epochs = epochs
        self.augmentation = augmentation
        self.device = device
        self.precision = precision
        self.store = store
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> TransferClassifier:
        """Fit the estimator of the case.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,)

        Returns
        -------
        self : TransferClassifier

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong.
        DataError
            If images and labels do not fit together.
        """
        estimator = self._make()
        images = as_images(X)
        labels = check_labels(y, len(images))
        self.estimator_ = estimator.fit(images, labels)
        self.classes_ = np.unique(labels)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predicted classes of shape (n_images,)."""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict(as_images(X)))

    @available_if(_can("predict_proba"))
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Class probabilities of shape (n_images, n_classes), where the case has them.

        Case 1 has them with the heads "logistic" and "xgboost", or calibrated.
        """
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict_proba(as_images(X)))

    @available_if(_can("decision_function"))
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Scores of the decision function, where the case has one."""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.decision_function(as_images(X)))

    def _make(self) -> Any:
        options = {k: v for k, v in self.get_params(deep=False).items() if k != "case"}
        return make_case(self.case, CaseOptions(**options))
