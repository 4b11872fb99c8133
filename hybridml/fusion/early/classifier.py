"""Early fusion that predicts classes, or several labels a row."""

from __future__ import annotations

from typing import Any, Self

from hybridml.fusion.early.estimator import EarlyFusion
from hybridml.fusion.fusion_classifier import FusionClassifier
from hybridml.fusion.learning.targets import class_targets


class EarlyFusionClassifier(FusionClassifier, EarlyFusion):
    """Features of all modalities side by side, and one head for classes.

    Each modality is encoded, its block of features centred (unless it is sparse) and
    scaled as a whole, so that a block does not count for more because it is wider, then
    weighted. Encoders, scaling, weights and the head's strength are learned in `fit`
    from the training rows alone.

    A row may lack modalities: cells that are None, NaN or empty, images that cannot be
    read. By default a head is fitted for each set of modalities that may be present.

    Parameters
    ----------
    modalities : list of (name, encoder, columns)
        The encoder is "image" (`DeepFeatureExtractor`), "tabular" (`TableEncoder`),
        "text" (`TextEncoder`), "audio" (`SpectrogramExtractor`), "multispectral", or a
        transformer; columns as in scikit-learn's `ColumnTransformer`.
    head : "auto", str, classifier, or list of them, default="auto"
        By name ("logistic", "linear_svm", "rbf_svm", "ridge", "xgboost") with the
        strength that suits, or a classifier as it is. Of several the best is chosen by
        cross-validation. "auto" is "logistic", up to 3,000 rows also "rbf_svm".
    weights : "auto", "equal" or dict, default="auto"
        What blocks are multiplied with; "auto" departs from equal weights where that
        clearly lowers the cross-validated loss.
    n_components : int, float, dict or None, default=None
        Principal components of each block, or of those named; a fraction is a share of
        variance. None keeps all of it.
    missing : {"submodels", "zero"}, default="submodels"
        What becomes of rows that lack a modality: they are asked of a head that was
        trained without it, or the modality counts as its mean.
    class_weight : "balanced", dict or None, default=None
        Of heads by name.
    cv : int, default=3
        Folds that choose the head and calibrate it.
    random_state : int, default=0

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of ndarray for several labels
    weights_ : dict of {str: float}
        By modality; their squares have a mean of 1.
    head_ : fitted classifier
        Of rows with all the modalities.
    encoders_ : list of ModalityEncoder
        With the fitted estimators as `estimator_`.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X had names.

    References
    ----------
    L. Mercaldo and J. Blume, "Missing data and prediction: the pattern submodel",
    Biostatistics 21, 2020 (``missing="submodels"``).

    Examples
    --------
    >>> import pandas as pd
    >>> notes = ["new", "", "old", "old"] * 3
    >>> X = pd.DataFrame({"age": [1, 2, 8, 9] * 3, "note": notes})
    >>> y = ["young", "young", "aged", "aged"] * 3
    >>> modalities = [("age", "tabular", ["age"]), ("note", "text", "note")]
    >>> model = EarlyFusionClassifier(modalities).fit(X, y)
    >>> model.predict(pd.DataFrame({"age": [9], "note": [None]}))
    array(['aged'], dtype='<U5')
    """

    def __init__(
        self,
        modalities: Any,
        *,
        head: Any = "auto",
        weights: Any = "auto",
        n_components: Any = None,
        missing: str = "submodels",
        class_weight: Any = None,
        cv: int = 3,
        random_state: int = 0,
    ) -> None:
        self.modalities = modalities
        self.head = head
        self.weights = weights
        self.n_components = n_components
        self.missing = missing
        self.class_weight = class_weight
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit encoders, weights and heads.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            Classes, or a table of 0 and 1.

        Raises
        ------
        InvalidParameterError, UnknownHeadError
            If a parameter is wrong.
        DataError
            If X lacks columns, or targets do not suit.
        """
        frame = self._frame(X, reset=True)
        targets = class_targets(y, len(frame))
        self._fit(frame, targets, self.class_weight)
        return self._note_classes(targets)
