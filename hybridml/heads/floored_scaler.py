"""Standardising features without blowing up those that hardly vary."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.preprocessing import StandardScaler

_FLOOR = 0.1  # of the median deviation


class FlooredScaler(StandardScaler):
    """`StandardScaler`, but for features that hardly vary in the training images.

    A deviation below a tenth of the median one counts as that tenth. On few images some
    channels of a network are nearly constant; divided by their own deviation, one of
    them alone decides about an image in which it is alive.

    Parameters and attributes are those of `StandardScaler`; `scale_` holds what is
    divided by, `var_` the variances as they are.

    Examples
    --------
    >>> features = np.array([[0.0, 0.0, 5.0], [2.0, 1e-6, 9.0]])
    >>> FlooredScaler().fit(features).scale_
    array([1. , 0.1, 2. ])
    """

    scale_: Any

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn means and deviations from some more rows; see `StandardScaler`."""
        super().partial_fit(X, y, sample_weight)
        varying = np.asarray(self.var_ if self.with_std else ())
        varying = varying[varying > 0]
        if len(varying):
            least = _FLOOR * float(np.median(np.sqrt(varying)))
            self.scale_ = np.maximum(self.scale_, least).astype(self.scale_.dtype)
        return self
