"""One classifier over the five transfer cases, so that a search can choose the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if

from hybridml._labels import is_label_table
from hybridml.transfer.cases.class_map import ClassMap
from hybridml.transfer.transfer_estimator import TransferEstimator


def _can(method: str) -> Callable[[TransferClassifier], bool]:
    """Whether the estimator of the case has a method, fitted or not."""

    def check(classifier: TransferClassifier) -> bool:
        fitted = getattr(classifier, "estimator_", None)
        if hasattr(fitted or classifier._make("classification"), method):
            return True
        raise AttributeError(
            f"case={classifier.case} with head={classifier.head!r} has no {method}. "
            "For probabilities pass calibrate=True, or head='logistic'."
        )

    return check


@dataclass(eq=False, repr=False)
class TransferClassifier(ClassifierMixin, TransferEstimator):
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
        "all" that the weights reach, the best is chosen; "ensemble" lets each of these
        have its say, see `LayerEnsembleClassifier` (its heads are its own, and it takes
        no class weights and no several labels an image).
    calibrate : bool, default=False
        Case 1: give heads without probabilities a `predict_proba`.
    class_weight : "balanced", dict or None, default=None
        Cases 1 to 4: weights of the classes; for several labels an image, case 1 takes
        those of each label's 0 and 1. Case 0 counts all classes alike.
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
    classes_ : ndarray of shape (n_classes,), or list of ndarray
        With several labels an image, ``[0, 1]`` for each label.

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

    _: KW_ONLY
    calibrate: bool = False
    class_map: str | ClassMap = "learn"
    class_weight: Any = None

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the estimator of the case.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,) or (n_images, n_labels)
            Classes; or several labels an image, as a table of 0 and 1.

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
        has_several = is_label_table(y)
        targets = self._fit(X, y, "multilabel" if has_several else "classification")
        two = np.arange(2)
        self.classes_ = [two] * targets.shape[1] if has_several else np.unique(targets)
        return self

    @available_if(_can("predict_proba"))
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Class probabilities of shape (n_images, n_classes), where the case has them.

        With several labels an image, the probability of each label. Case 1 has them
        with the heads "logistic" and "xgboost", or calibrated.
        """
        return self._apply("predict_proba", X)

    @available_if(_can("decision_function"))
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Scores of the decision function, where the case has one."""
        return self._apply("decision_function", X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
