"""A fitted estimator that answers requests."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from hybridml.exceptions import (
    DataError,
    FusingError,
    ImageDecodeError,
    ModelError,
    WeightsError,
)
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.fusing.fuse import fuse
from hybridml.fusing.fused_model import FusedModel
from hybridml.fusing.taking_apart import innermost
from hybridml.models.describing import describe_estimator
from hybridml.models.limits import Limits
from hybridml.models.manifest import Manifest
from hybridml.models.rebuilding import iterate_parts
from hybridml.models.signature import grey_square
from hybridml.serving.rows import (
    RequestError,
    check_images,
    check_rows,
    raise_problems,
)


class ServedModel:
    """Answers tables of images with tables of predictions.

    Nothing of a request is kept: the estimator's feature stores are taken out. An image
    that cannot be read is refused, also where the estimator would do without it.

    Parameters
    ----------
    estimator : fitted estimator
        It is changed: it belongs to the server from now on.
    manifest : Manifest
        What it takes and gives.
    limits : Limits or None, default=None
    fused : bool, default=False
        Let a pipeline with a linear head answer as one module (see `hybridml.fuse`):
        few images take less time, and last bits of probabilities may differ.

    Raises
    ------
    ModelError
        If no request can hold what it takes.
    """

    def __init__(
        self,
        estimator: Any,
        manifest: Manifest,
        limits: Limits | None = None,
        *,
        fused: bool = False,
    ) -> None:
        # Of the estimator itself: what a file says of it must not open paths.
        described = describe_estimator(estimator)
        if any(told["kind"] == "array" for told in described["inputs"]):
            raise ModelError(
                "The model takes images with other numbers of channels than files "
                "have; it cannot be served. Use load_model(...).predict(arrays)."
            )
        self.manifest = replace(manifest, **described)
        self.limits = limits or Limits()
        for part in iterate_parts(estimator):
            if isinstance(part, BaseEstimator) and hasattr(part, "store"):
                part.store = None
            if isinstance(part, DeepFeatureExtractor):
                part.on_bad_image = "raise"
        self._estimator = estimator
        self._is_fused = fused

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Predict the rows of a request.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_columns)
            See `hybridml.serving.rows.check_rows`.

        Returns
        -------
        predictions : DataFrame of shape (n_rows, n_outputs)
            Of a classification label and p_<class> for each class; of several labels
            label_<i> and p_<i>; of a regression prediction.

        Raises
        ------
        RequestError
            If something is wrong with the request.
        """
        rows = check_rows(table, self.manifest.inputs, self.limits)
        try:
            return self._answer(self._as_input(rows))
        except ImageDecodeError as exc:
            raise_problems(exc.failures, len(rows))
            raise RequestError(str(exc)) from exc
        except (RequestError, WeightsError):
            raise
        except (DataError, ValueError, TypeError) as exc:
            raise RequestError(f"The rows cannot be predicted: {exc}") from exc

    def warm_up(self) -> None:
        """Load the network now, not with the first request."""
        if not self.manifest.takes_table and self.manifest.inputs[0]["kind"] == "image":
            self.predict(pd.DataFrame({"image": [grey_square()]}))

    @cached_property
    def _predictor(self) -> Any:
        """The estimator, as one module where that is wanted and can be."""
        if not self._is_fused:
            return self._estimator
        try:
            return fuse(self._estimator)
        except FusingError:
            return self._estimator

    def _as_input(self, rows: pd.DataFrame) -> Any:
        if self.manifest.takes_table:
            for told in self.manifest.inputs:
                if told["kind"] == "image":
                    check_images(rows[told["name"]].tolist(), told["name"])
            return rows
        name = self.manifest.inputs[0]["name"]
        images = rows[name].tolist()
        absent = [i for i, image in enumerate(images) if image is None]
        what = self.manifest.inputs[0]["kind"]
        raise_problems(dict.fromkeys(absent, f"the {what} is missing"), len(images))
        return images

    def _answer(self, X: Any) -> pd.DataFrame:
        task, names = self.manifest.task, self.manifest.classes
        predicted, proba = predict_once(self._predictor, X)
        if task == "regression":
            return _number_table(predicted)
        if task == "multilabel":
            labels = {f"label_{n}": predicted[:, i] for i, n in enumerate(names)}
        else:
            labels = {"label": predicted}
        if proba is None:
            return pd.DataFrame(labels)
        probabilities = {f"p_{name}": proba[:, i] for i, name in enumerate(names)}
        return pd.DataFrame({**labels, **probabilities})


def predict_once(
    estimator: Any, X: Any
) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    """Predict labels and probabilities with one pass through the network.

    Returns
    -------
    predicted : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        What the estimator's `predict` gives.
    proba : ndarray of shape (n_rows, n_classes), or None
        None where the estimator has no `predict_proba`.
    """
    inner = innermost(estimator)
    if isinstance(inner, FusedModel):
        X, inner = inner.scores(X), inner.rest
    elif isinstance(inner, Pipeline) and len(inner.steps) > 1:
        X, inner = inner[:-1].transform(X), inner[-1]
    elif _predicts_the_most_probable(inner):
        return _from_proba(inner, inner.predict_proba(X))
    predicted = np.asarray(inner.predict(X))
    if not hasattr(inner, "predict_proba"):
        return predicted, None
    proba = inner.predict_proba(X)
    if isinstance(proba, list):  # of several labels, a table each
        proba = np.column_stack([table[:, 1] for table in proba])
    return predicted, np.asarray(proba)


def _predicts_the_most_probable(estimator: Any) -> bool:
    is_ours = type(estimator).__module__.startswith("hybridml.")
    return is_ours and hasattr(estimator, "predict_proba")


def _from_proba(
    estimator: Any, proba: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    if isinstance(estimator.classes_, list):
        return (proba > 0.5).astype(int), proba
    return np.asarray(estimator.classes_)[proba.argmax(axis=1)], proba


def _number_table(numbers: npt.NDArray[Any]) -> pd.DataFrame:
    if numbers.ndim == 1:
        return pd.DataFrame({"prediction": numbers})
    return pd.DataFrame({f"prediction_{i}": n for i, n in enumerate(numbers.T)})
