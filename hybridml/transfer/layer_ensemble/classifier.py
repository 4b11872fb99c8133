"""The layers of a network vote, as a scikit-learn classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin

from hybridml.transfer.all_layers.tasks import Kind
from hybridml.transfer.layer_ensemble.estimator import LayerEnsemble
from hybridml.transfer.layer_ensemble.weights import Floats, weigh_probabilities


@dataclass(eq=False, repr=False)
class LayerEnsembleClassifier(ClassifierMixin, LayerEnsemble):
    """Classify images by a weighted mean of what the layers of a network say.

    A logistic regression learns from the features of each cut layer, and one from the
    most relevant of all of them, as in `AllLayersClassifier`. Their probabilities are
    averaged, with the weights that lose least on images that they have not seen [1]_;
    the logarithmic loss chooses their strengths, too.
    Where images are few nobody can tell which layer is best, and a search takes the
    luckiest; a mean need not choose. Each image goes through the network once.

    Parameters
    ----------
    extractor : DeepFeatureExtractor
        Its `cut_layer` does not matter.
    cut_layers : "all", str, int, or sequence of str and int, default="all"
        "all" is every declared stage that the weights reach, but the logits.
    cv : int, default=3
        Inner folds, in which strengths are chosen and members weighed; fewer where a
        class has fewer images.
    random_state : int, default=0
        Seed of the folds and the heads.
    n_jobs : int or None, default=None
        Threads of the choice of strengths.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    weights_ : Series
        How much each member counts, by cut layer, of sum 1; "all layers" is the one
        that learns from all of them.
    heads_ : dict of {str: estimator}
        The members, by cut layer.
    results_ : DataFrame
        One row a member: cut_layer, params, score and score_std (minus its logarithmic
        loss alone, in the inner folds), weight.
    extractor_ : DeepFeatureExtractor
        Cut at all the layers.

    References
    ----------
    .. [1] M. J. van der Laan, E. C. Polley, A. E. Hubbard, "Super Learner", Statistical
       Applications in Genetics and Molecular Biology 6, 2007.

    Examples
    --------
    >>> from hybridml import DeepFeatureExtractor
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 6, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 6 + ["light"] * 6
    >>> extractor = DeepFeatureExtractor("lenet5", weights=None, store=None)
    >>> model = LayerEnsembleClassifier(extractor).fit(X, y)
    >>> model.predict(X[[0, -1]])
    array(['dark', 'light'], dtype='<U5')
    >>> model.weights_.index.tolist()
    ['conv1', 'conv2', 'fc1', 'penultimate', 'all layers']
    """

    _kind: ClassVar[Kind] = "classification"
    _method: ClassVar[str] = "predict_proba"

    def fit(self, X: Any, y: Any) -> Self:
        """Fit a head to each layer, and weigh them by what they say out of fold.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,)

        Returns
        -------
        self : LayerEnsembleClassifier

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong.
        DataError
            If images and labels do not fit together, an image cannot be decoded, or a
            class has fewer than two images.
        """
        self.classes_ = np.unique(self._fit(X, y))
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predicted classes of shape (n_images,)."""
        outputs = self._outputs(X)
        return np.asarray(self.classes_[outputs.argmax(axis=1)])

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Class probabilities of shape (n_images, n_classes)."""
        return self._outputs(X)

    def _weigh(self, outputs: Floats, targets: npt.NDArray[Any]) -> Floats:
        numbered = np.unique(targets, return_inverse=True)[1]
        return weigh_probabilities(outputs[:, np.arange(len(targets)), numbered])
