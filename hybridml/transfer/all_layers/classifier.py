"""The most relevant features of all the layers, as a scikit-learn classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin

from hybridml._labels import check_labels
from hybridml.comparing.splits import stratified_folds
from hybridml.transfer.all_layers.estimator import AllLayersEstimator
from hybridml.transfer.all_layers.tasks import Kind


@dataclass(eq=False, repr=False)
class AllLayersClassifier(ClassifierMixin, AllLayersEstimator):
    """Classify images by the most relevant features of all the layers of a network.

    The pooled features of every stage stand side by side. A linear model with a group
    lasso, which has to do with few features, says how relevant each one is; the best
    fraction is kept, wherever in the network it comes from, and a logistic regression
    learns from it [1]_. Tasks unlike the pretraining gain from the early layers, and
    nobody has to know which. All of it is learned in `fit`, and the fraction is chosen
    on inner folds that rank the features anew; the network runs once for each image.

    Parameters
    ----------
    backbone : str or nn.Module, default="efficientnet_lite0"
        One of `list_backbones()`, or a network of your own.
    cut_layers : "all", str, int, or sequence of str and int, default="all"
        "all" is every declared stage that the weights reach, but the logits.
    pooling : str, default="grid2"
        How maps become features; see `DeepFeatureExtractor`. Grids keep where things
        are, as the paper does; "mean" gives a quarter of the features, and shares the
        pass through the network with whatever else pools so.
    fractions : sequence of float, default=(0.05, 0.2, 0.5, 1.0)
        Parts of the features to try to keep, each above 0; of equal ones the smallest
        is taken.
    strengths : sequence of float, default=(0.1, 0.03)
        Penalties of the group lasso to try, in parts of the smallest that leaves no
        feature a weight.
    cv : int, default=3
        Inner folds; fewer where a class has fewer images.
    scoring : str, callable or None, default=None
        What the inner folds are judged by, as for `GridSearchCV`; None is the accuracy.
    weights : "default", name, path, URL or None, default="default"
    image_size : int or None, default=None
        Side of the square input in pixels; None for that of the weights.
    in_channels : int, default=3
    device : str, default="auto"
    precision : {"auto", "bf16", "fp32"}, default="auto"
    store : "default", path, FeatureStore or None, default="default"
        Where features are kept.
    random_state : int, default=0
        Seed of the inner folds, and of the random weights of ``weights=None``.
    n_jobs : int or None, default=None
        Threads.
    verbose : int, default=0
        Above 0, a progress bar on stderr.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    relevance_ : DataFrame
        One row a feature: cut_layer, feature (its number there), relevance (norm of its
        weights in the group lasso, 0 where it has none), kept.
    kept_per_layer_ : Series
        How many features are kept, by cut layer.
    fraction_, strength_ : float
        What was chosen.
    best_score_ : float
        Mean inner score of the choice.
    results_ : DataFrame
        One row a choice: strength, fraction, params (of the head), score, score_std.
    head_ : Pipeline
        Fitted to the features that are kept.
    extractor_ : DeepFeatureExtractor
        Cut at the layers of which something is kept.

    Notes
    -----
    The features of a layer are scaled to length 1 for each image, so that no layer
    drowns the others. Features that the group lasso leaves without weights are ranked
    by how near they were to getting some.

    References
    ----------
    .. [1] U. Evci, V. Dumoulin, H. Larochelle, M. Mozer, "Head2Toe: Utilizing
       Intermediate Representations for Better Transfer Learning", ICML 2022.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 6, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 6 + ["light"] * 6
    >>> model = AllLayersClassifier("lenet5", weights=None, store=None).fit(X, y)
    >>> model.predict(X[[0, -1]])
    array(['dark', 'light'], dtype='<U5')
    >>> model.kept_per_layer_.index.tolist()
    ['conv1', 'conv2', 'fc1', 'penultimate']
    """

    _kind: ClassVar[Kind] = "classification"

    def fit(self, X: Any, y: Any) -> Self:
        """Rank the features, choose how many to keep, and fit the head to them.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,)

        Returns
        -------
        self : AllLayersClassifier

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong, or the score gives no number.
        DataError
            If images and labels do not fit together, an image cannot be decoded, or a
            class has fewer than two images.
        """
        images = self._images(X)
        labels = check_labels(y, len(images), min_per_class=2)
        self.classes_ = np.unique(labels)
        folds = stratified_folds(labels, self.cv, self.random_state)
        return self._fit(images, labels, list(folds.split(labels, labels)))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predicted classes of shape (n_images,)."""
        kept = self._kept(X)
        return np.asarray(self.head_.predict(kept))

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Class probabilities of shape (n_images, n_classes)."""
        kept = self._kept(X)
        return np.asarray(self.head_.predict_proba(kept))

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Scores of shape (n_images, n_classes), or (n_images,) for two classes."""
        kept = self._kept(X)
        return np.asarray(self.head_.decision_function(kept))
