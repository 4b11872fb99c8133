"""Late fusion that predicts classes, or several labels a row."""

from __future__ import annotations

from typing import Any, Self

from hybridml.fusion.fusion_classifier import FusionClassifier
from hybridml.fusion.late.estimator import LateFusion
from hybridml.fusion.learning.targets import class_targets


class LateFusionClassifier(FusionClassifier, LateFusion):
    """An estimator for each modality, and a combination of what they say.

    Whatever the combination learns (weights, a final estimator, the temperatures that
    calibrate each modality's probabilities), it learns from predictions out of fold: of
    each row by an estimator, its encoder included, that had not seen it. Rows that lack
    modalities are combined from what is there, by weights or a final estimator of
    their own.

    Parameters
    ----------
    modalities : list of (name, encoder or estimator, columns)
        As for `EarlyFusionClassifier`; instead of an encoder also a classifier, such as
        a pipeline or a `FineTuneClassifier`, which is taken as it is.
    combine : {"stack", "weighted", "mean", "product", "max", "vote"}, default="stack"
        "stack": a final estimator on the logarithms of the probabilities; "weighted": a
        weighted sum of these, as far as they differ from the shares of the classes,
        that has the least log-loss; and rules that learn nothing.
    head : "auto", str, classifier, or list of them, default="auto"
        For modalities with an encoder; of several the best is chosen. "auto" is
        "logistic", up to 3,000 rows also "rbf_svm", and for "tabular" "xgboost".
    final_estimator : classifier or None, default=None
        Of ``combine="stack"``; None is a logistic regression of the strength that
        suits.
    calibrate : bool, default=True
        Whether probabilities of each modality are calibrated, by a temperature.
    class_weight : "balanced", dict or None, default=None
        Of heads by name.
    cv : int, default=5
        Folds of the predictions out of fold.
    random_state : int, default=0

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of ndarray for several labels
    members_ : list of Member
        The fitted estimator of each modality as `predictor_`.
    out_of_fold_ : dict of {str: ndarray of shape (n_rows, n_outputs)}
        Probabilities out of fold, by modality; NaN where it is missing.
    weights_ : dict of {str: float}
        Of ``combine="weighted"``, where all the modalities are there.
    n_features_in_, feature_names_in_
        Columns of X.

    References
    ----------
    D. Wolpert, "Stacked generalization", Neural Networks 5, 1992. J. Kittler et al.,
    "On combining classifiers", IEEE TPAMI 20, 1998 (the rules).

    Examples
    --------
    >>> import pandas as pd
    >>> notes = ["new", "", "old", "old"] * 5
    >>> X = pd.DataFrame({"age": [1, 2, 8, 9] * 5, "note": notes})
    >>> y = ["young", "young", "aged", "aged"] * 5
    >>> modalities = [("age", "tabular", ["age"]), ("note", "text", "note")]
    >>> model = LateFusionClassifier(modalities, combine="mean").fit(X, y)
    >>> model.predict(pd.DataFrame({"age": [9], "note": [None]}))
    array(['aged'], dtype='<U5')
    """

    def __init__(
        self,
        modalities: Any,
        *,
        combine: str = "stack",
        head: Any = "auto",
        final_estimator: Any = None,
        calibrate: bool = True,
        class_weight: Any = None,
        cv: int = 5,
        random_state: int = 0,
    ) -> None:
        self.modalities = modalities
        self.combine = combine
        self.head = head
        self.final_estimator = final_estimator
        self.calibrate = calibrate
        self.class_weight = class_weight
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit an estimator for each modality, and their combination.

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
        self._fit(
            frame, targets, calibrate=self.calibrate, class_weight=self.class_weight
        )
        return self._note_classes(targets)
