"""What the fusion estimators share: nested parameters, tables, targets, gaps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils import Tags
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_is_fitted,
)

from hybridml._image_input import kind_of_input, needs_arrays
from hybridml.exceptions import DataError
from hybridml.fusion.modalities.block import Block
from hybridml.fusion.modalities.encoder import ModalityEncoder
from hybridml.fusion.modalities.frame import as_frame
from hybridml.fusion.patterns import Pattern, find_patterns, nearest_pattern

Floats = npt.NDArray[np.float64]


class FusionEstimator(_BaseComposition):
    """Base of the estimators of several modalities over one DataFrame.

    Parameters of nested estimators are set by the modality's name, as in scikit-learn's
    `ColumnTransformer`: ``set_params(photo__cut_layer="stage6")``.
    """

    modalities: Any
    encoders_: list[ModalityEncoder]
    _prior: Floats

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with those of the modalities' estimators."""
        params: dict[str, Any] = self._get_params("_named_encoders", deep=deep)
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also of the modalities' estimators."""
        self._set_params("_named_encoders", **params)
        return self

    @property
    def _named_encoders(self) -> Any:
        """Pairs of name and encoder, as scikit-learn's compositions have them."""
        try:
            return [(name, encoder) for name, encoder, _ in self.modalities]
        except (TypeError, ValueError):  # said properly in fit
            return self.modalities

    @_named_encoders.setter
    def _named_encoders(self, pairs: Any) -> None:
        self.modalities = [
            (name, encoder, columns)
            for (name, encoder), (_, _, columns) in zip(
                pairs, self.modalities, strict=True
            )
        ]

    def input_kinds(self) -> dict[Any, str]:
        """Name the columns that a fitted estimator reads, and what is in them.

        Returns
        -------
        kinds : dict of {label: str}
            "image" or "sound", as a path, a URL or the bytes of a file; "array", of
            images with other numbers of channels; or "value".
        """
        check_is_fitted(self)
        return {
            column: "array" if needs_arrays(reader) else kind_of_input(reader)
            for columns, reader in self._readers()
            for column in (columns if isinstance(columns, list) else [columns])
        }

    def _readers(self) -> list[tuple[Any, Any]]:
        """Pair the columns of each modality with what reads them."""
        return [(each.columns_, each.estimator_) for each in self.encoders_]

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """Check X and return it as a DataFrame."""
        frame = as_frame(X)
        is_table = hasattr(X, "columns")
        if reset:
            _check_feature_names(self, X, reset=True)
            _check_n_features(self, X if is_table else frame.to_numpy(), reset=True)
        elif not (is_table and hasattr(self, "feature_names_in_")):
            # Columns with names are asked for by name, whatever stands beside them.
            _check_feature_names(self, X, reset=False)
            _check_n_features(self, X if is_table else frame.to_numpy(), reset=False)
        if not len(frame):
            raise DataError("Found no rows: X is empty (0 sample(s)).")
        return frame

    def _encode(self, X: Any) -> list[Block]:
        """Encode the modalities of rows."""
        raise NotImplementedError

    def _outputs(self, blocks: list[Block]) -> Floats:
        """Compute outputs of shape (n_rows, n_outputs) from encoded modalities."""
        raise NotImplementedError

    def _ask_patterns(
        self,
        blocks: list[Block],
        known: Collection[Pattern],
        ask: Callable[[Pattern, npt.NDArray[np.intp]], Floats],
    ) -> Floats:
        """Ask the model of each pattern for the rows that have it.

        A row that has no modality gets the prior.
        """
        presence = np.column_stack([block.is_present for block in blocks])
        outputs = np.tile(self._prior, (len(presence), 1))
        for present, rows in find_patterns(presence).items():
            pattern = nearest_pattern(present, known)
            if pattern is None and present:  # gaps count as the mean of what was seen
                pattern = max(known, key=len)
            if pattern is not None:
                outputs[rows] = ask(pattern, rows)
        return outputs

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.sparse = False
        return tags
