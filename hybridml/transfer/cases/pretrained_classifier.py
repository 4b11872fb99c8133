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

from hybridml._checks import describe
from hybridml._image_input import ImageInput
from hybridml._labels import check_label_table, check_labels, is_label_table
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.transfer.cases.class_map import (
    ClassMap,
    learn_class_map,
    learn_label_map,
    named_class_map,
)

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
        numbers: ``{"cats": ["tabby", "Egyptian cat"], "dogs": ["beagle", 254]}``. Where
        images have several labels, these go by the numbers of their columns.
    weights, image_size, device, precision, batch_size, store, random_state, n_jobs, \
verbose
        As for `DeepFeatureExtractor`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of ndarray
        With several labels an image, ``[0, 1]`` for each label.
    multilabel_ : bool
        Whether `y` was a table with a column for each label.
    extractor_ : DeepFeatureExtractor
        Gives the network's outputs.
    shares_ : ndarray of shape (n_outputs, n_classes), float64
        How much of each output's probability goes to each class; or the probability of
        each label, given the output, where having a label and not are equally common.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 4, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 4 + ["light"] * 4
    >>> PretrainedClassifier(image_size=64, store=None).fit(X, y).score(X, y)
    1.0
    """

    classes_: Any

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
        y : array-like of shape (n_images,) or (n_images, n_labels)
            Classes; or several labels an image, as a table of 0 and 1.

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
        targets = self._learn_classes(y, len(images))
        self.extractor_ = self._extractor().fit(images)
        if isinstance(self.class_map, Mapping):
            n_outputs = self.extractor_.n_features_out_
            self.shares_ = named_class_map(
                self.class_map,
                np.asarray(self._names_of_classes()),
                self._output_names(n_outputs),
                n_outputs,
                exclusive=not self.multilabel_,
            )
        else:
            learn = learn_label_map if self.multilabel_ else learn_class_map
            self.shares_ = learn(self._outputs(images), targets)
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Class probabilities of shape (n_images, n_classes), float64.

        With several labels an image, the probability of each label.
        """
        check_is_fitted(self, "shares_")
        proba = self._outputs(as_images(X)) @ self.shares_
        if self.multilabel_:
            return np.asarray(proba.clip(0.0, 1.0))  # outputs sum to one only nearly
        proba += _TINY
        return np.asarray(proba / proba.sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Most probable class of each image, of shape (n_images,).

        With several labels an image, a table of 0 and 1 of shape (n_images, n_labels).
        """
        proba = self.predict_proba(X)
        if self.multilabel_:
            return (proba > 0.5).astype(int)
        return np.asarray(self.classes_[proba.argmax(axis=1)])

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
            for column, label in enumerate(self._names_of_classes())
        }

    def _learn_classes(self, y: Any, n_images: int) -> npt.NDArray[Any]:
        """Note what the classes are; code them from 0, or give the table of labels."""
        self.multilabel_ = is_label_table(y)
        if self.multilabel_:
            present = check_label_table(y, n_images)
            self.classes_ = [np.arange(2)] * present.shape[1]
            return present
        self.classes_, codes = np.unique(check_labels(y, n_images), return_inverse=True)
        return np.asarray(codes)

    def _names_of_classes(self) -> list[Any]:
        """Classes, or the numbers of the labels' columns."""
        if self.multilabel_:
            return list(range(len(self.classes_)))
        return list(self.classes_.tolist())

    def _outputs(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        return np.asarray(softmax(self.extractor_.transform(images), axis=1))

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

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def check_class_map(class_map: object) -> None:
    """Raise `InvalidParameterError` unless it is "learn" or a mapping."""
    if class_map != "learn" and not isinstance(class_map, Mapping):
        expected = "'learn' or a dict from each class to its outputs"
        raise InvalidParameterError(describe("class_map", class_map, expected))
