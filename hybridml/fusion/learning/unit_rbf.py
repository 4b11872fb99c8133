"""The radial kernel of rows that have a mean square length of 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse


def unit_rbf(X: Any, Y: Any) -> npt.NDArray[np.float64]:
    """Compute ``exp(-|x - y|^2)`` for all pairs of rows.

    An SVC that is given this function has its kernel from one matrix product, which
    takes a fraction of the time that its own, row by row, takes.

    Parameters
    ----------
    X, Y : ndarray or CSR array of shape (n_rows, n_features)

    Returns
    -------
    kernel : ndarray of shape (n_rows of X, n_rows of Y)

    Examples
    --------
    >>> unit_rbf(np.eye(2), np.eye(2)).round(3)
    array([[1.   , 0.135],
           [0.135, 1.   ]])
    """
    left, right = _dense(X), _dense(Y)
    lengths = _square_lengths(left)[:, None] + _square_lengths(right)[None, :]
    distances = lengths - 2 * (left @ right.T)
    return np.asarray(np.exp(-np.maximum(distances, 0.0)))


def _dense(X: Any) -> npt.NDArray[np.float64]:
    return np.asarray(X.toarray() if issparse(X) else X, dtype=np.float64)


def _square_lengths(X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.einsum("ij,ij->i", X, X))
