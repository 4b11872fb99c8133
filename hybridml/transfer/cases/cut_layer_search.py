"""Case 1's search for classes and labels: which cut layer, head and strength."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if

from hybridml._labels import is_label_table
from hybridml.comparing.scoring import scores_probabilities
from hybridml.comparing.tasks import Task
from hybridml.heads.making import make_head
from hybridml.images.door import as_images
from hybridml.transfer.cases.layer_search import LayerSearch
from hybridml.transfer.cases.search_space import list_heads_to_try


def _can(method: str) -> Callable[[CutLayerSearch], bool]:
    """Whether the best pipeline has a method; before fitting, whether all would."""

    def check(search: CutLayerSearch) -> bool:
        if hasattr(search, "best_estimator_"):
            return hasattr(search.best_estimator_, method)
        names = list_heads_to_try(search.heads)
        heads = [make_head(name, calibrate=search.calibrate) for name in names]
        return all(hasattr(head, method) for head in heads)

    return check


@dataclass(eq=False, repr=False)
class CutLayerSearch(ClassifierMixin, LayerSearch):
    """Choose a cut layer, a head and the head's strength, then fit that pipeline.

    Each image goes through the backbone once: with a store, features of all the
    layers come from one pass, and the search runs on matrices.

    Parameters
    ----------
    extractor : DeepFeatureExtractor
        Its `cut_layer` is what is searched.
    cut_layers : "all", str, int, or sequence of str and int, default="all"
        "all" is every declared stage that the weights reach, but the logits. A number
        is the position of a stage.
    heads : str or sequence of str, default=("linear_svm",)
        Names that `make_head` knows; each with its default grid.
    calibrate : bool, default=False
        Give the head of the best pipeline probabilities, where it has none by itself.
    class_weight : "balanced", dict or None, default=None
        Weights of the classes, or of each label's 0 and 1.
    cv : int, default=3
        Inner folds; fewer where a class has fewer images.
    scoring : str, callable or None, default=None
        As for `GridSearchCV`; None is the accuracy, or with several labels an image
        "f1_macro". A score of probabilities calibrates the heads that are compared.
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads of the search.

    Attributes
    ----------
    best_estimator_ : Pipeline
        Extractor and head, fitted on all the images.
    best_cut_layer_, best_head_ : str
    best_score_ : float
        Mean inner score of the best.
    results_ : DataFrame
        One row a cut layer and head: cut_layer, head, params, score, score_std. Stages
        stand from the input to the output; of equal scores the first one wins, which is
        the cheapest.
    classes_ : ndarray of shape (n_classes,), or list of ndarray
        With several labels an image, ``[0, 1]`` for each label.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridml import DeepFeatureExtractor
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 6, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 6 + ["light"] * 6
    >>> extractor = DeepFeatureExtractor(image_size=64, store=None)
    >>> search = CutLayerSearch(extractor, cut_layers=["stem", "penultimate"])
    >>> search.fit(X, y).score(X, y)
    1.0
    """

    _: KW_ONLY
    calibrate: bool = False
    class_weight: Any = None

    def fit(self, X: Any, y: Any) -> Self:
        """Search on inner folds of the images given, then fit the best on all of them.

        Parameters
        ----------
        X : sequence of n_images images
        y : array-like of shape (n_images,) or (n_images, n_labels)
            Classes; or several labels an image, as a table of 0 and 1.

        Returns
        -------
        self : CutLayerSearch

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong, or the score gives no number.
        DataError
            If a class has fewer than two images, or there are fewer than four with
            labels: there is nothing to validate on.
        """
        self._fit(X, y, "multilabel" if is_label_table(y) else "classification")
        self.classes_ = self.best_estimator_.classes_
        return self

    @available_if(_can("predict_proba"))
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Class probabilities of shape (n_images, n_classes).

        With several labels an image, the probability of each label.
        """
        return np.asarray(self._fitted().predict_proba(as_images(X)))

    @available_if(_can("decision_function"))
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Scores of the best head's decision function."""
        return np.asarray(self._fitted().decision_function(as_images(X)))

    def _head(self, name: str, task: Task, *, compared: bool) -> Pipeline:
        calibrate = self.calibrate
        if compared:
            calibrate = self.scoring is not None and scores_probabilities(self.scoring)
        return make_head(
            name,
            task=task,
            calibrate=calibrate,
            class_weight=self.class_weight,
            random_state=self.random_state,
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
