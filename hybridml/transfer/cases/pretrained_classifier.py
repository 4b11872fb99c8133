"""Case 0: the pretrained network as it is, its outputs mapped to the task's classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import describe
from hybridml._image_input import ImageInput
from hybridml._labels import check_labels
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.transfer.cases.class_map import ClassMap, learn_class_map, named_class_map

_TINY = 1e-12


class PretrainedClassifier(ImageInput, ClassifierMixin, BaseEstimator):
    """Classify with a pretrained network's own outputs (transfer case 0).

    No weight is changed. `fit` only learns which of the network's outputs (1000 for
    ImageNet) speak for which class, from the training images, or takes a map by name.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `list_backbones()`.
    class_map : "learn" or dict, default="learn"
        A dict names, for each class, the outputs that speak for it, or gives their
        numbers: ``{"cats": ["tabby", "Egyptian cat"], "dogs": ["beagle", 254]}``.
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
        class_map: str | ClassMap = "learn",
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
        InvalidParameterError, UnknownBackboneError, WeightsError
            If a parameter is wrong.
        DataError
            If images and labels do not fit together, or `class_map` names a class or
            an output that does not exist.
        """
        check_class_map(self.class_map)
        images = as_images(X)
        labels = check_labels(y, len(images))
        extractor = self._extractor().fit(images)
        self.classes_, targets = np.unique(labels, return_inverse=True)
        if isinstance(self.class_map, Mapping):
            n_outputs = extractor.n_features_out_
            names = self._output_names(n_outputs)
            self.shares_ = named_class_map(
                self.class_map, self.classes_, names, n_outputs
            )
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
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def speakers(self, n_outputs: int = 3) -> dict[Any, list[str]]:
        """Name the outputs that speak most for each class, the strongest first.

        Outputs without names are given by their numbers.
        """
        check_is_fitted(self, "shares_")
        n_all = len(self.shares_)
        names = self._output_names(n_all) or [str(i) for i in range(n_all)]
        order = np.argsort(-self.shares_, axis=0, kind="stable")[:n_outputs]
        return {
            label: [names[i] for i in order[:, column] if self.shares_[i, column] > 0]
            for column, label in enumerate(self.classes_.tolist())
        }

    def _outputs(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        return np.asarray(softmax(self._extractor().transform(images), axis=1))

    def _extractor(self) -> DeepFeatureExtractor:
        return DeepFeatureExtractor(
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

    def _output_names(self, n_outputs: int) -> Sequence[str]:
        """Names of the outputs; none where they are not those of the weights."""
        fetch = get_backbone(self.backbone).fetch_categories
        names = fetch() if fetch is not None else ()
        return names if len(names) == n_outputs else ()


def check_class_map(class_map: object) -> None:
    """Raise `InvalidParameterError` unless it is "learn" or a mapping."""
    if class_map != "learn" and not isinstance(class_map, Mapping):
        expected = "'learn' or a dict from each class to its outputs"
        raise InvalidParameterError(describe("class_map", class_map, expected))
