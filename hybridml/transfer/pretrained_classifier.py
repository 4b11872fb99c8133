"""Case 0: the pretrained network as it is, its outputs mapped to the task's classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from hybridml._labels import check_labels
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import DataError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.transfer.class_map import learn_class_map, named_class_map

_TINY = 1e-12


class PretrainedClassifier(ClassifierMixin, BaseEstimator):
    """Classify with a pretrained network's own outputs (transfer case 0).

    No weight is changed. `fit` only learns which of the network's outputs (1000 for
    ImageNet) speak for which class, from the training images, or takes a map by name.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `list_backbones()`.
    class_map : "learn" or dict, default="learn"
        A dict names, for each class, the outputs that speak for it:
        ``{"cats": ["tabby", "Egyptian cat"], "dogs": ["beagle", "pug"]}``.
    weights, image_size, device, precision, batch_size, store, random_state, n_jobs, \
verbose
        As for `DeepFeatureExtractor`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    shares_ : ndarray of shape (n_outputs, n_classes), float64
        How much of each output's probability goes to each class.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 4, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 4 + ["light"] * 4
    >>> PretrainedClassifier(image_size=64, store=None).fit(X, y).score(X, y)
    1.0
    """

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        *,
        class_map: str | Mapping[Any, Sequence[str | int]] = "learn",
        weights: str | Path | None = "default",
        image_size: int | None = None,
        device: str = "auto",
        precision: str = "auto",
        batch_size: str | int = "auto",
        store: str | Path | FeatureStore | None = "default",
        random_state: int = 0,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.class_map = class_map
        self.weights = weights
        self.image_size = image_size
        self.device = device
        self.precision = precision
        self.batch_size = batch_size
        self.store = store
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> PretrainedClassifier:
        """Learn the class map from images and labels, or resolve the one given.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,)

        Returns
        -------
        self : PretrainedClassifier

        Raises
        ------
        DataError
            If images and labels do not fit together, or `class_map` names a class or
            an output that does not exist.
        """
        images = as_images(X)
        labels = check_labels(y, len(images))
        self.classes_, targets = np.unique(labels, return_inverse=True)
        if isinstance(self.class_map, Mapping):
            categories = self._categories()
            self.shares_ = named_class_map(self.class_map, self.classes_, categories)
        else:
            self.shares_ = learn_class_map(self._outputs(images), targets)
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Class probabilities of shape (n_images, n_classes), float64."""
        check_is_fitted(self, "shares_")
        proba = self._outputs(as_images(X)) @ self.shares_ + _TINY
        return np.asarray(proba / proba.sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Most probable class of each image, of shape (n_images,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def speakers(self, n_outputs: int = 3) -> dict[Any, list[str]]:
        """Name the outputs that speak most for each class, the strongest first."""
        check_is_fitted(self, "shares_")
        names = self._categories()
        order = np.argsort(-self.shares_, axis=0, kind="stable")[:n_outputs]
        return {
            label: [names[i] for i in order[:, column]]
            for column, label in enumerate(self.classes_)
        }

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags

    def _outputs(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        extractor = DeepFeatureExtractor(
            self.backbone,
            cut_layer="logits",
            weights=self.weights,
            image_size=self.image_size,
            device=self.device,
            precision=self.precision,
            batch_size=self.batch_size,
            store=self.store,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )
        return np.asarray(softmax(extractor.transform(images), axis=1))

    def _categories(self) -> Sequence[str]:
        fetch = get_backbone(self.backbone).fetch_categories
        if fetch is None:
            raise DataError(
                f"The outputs of {self.backbone!r} have no names; use output numbers "
                "in class_map, or class_map='learn'."
            )
        return fetch()
