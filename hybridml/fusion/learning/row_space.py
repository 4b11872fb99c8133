"""Rows with more features than there are rows, in the space that they span.

Heads that look at features through scalar products alone, such as linear ones with a
squared penalty and kernel machines, say the same of rows that were turned. Rows lie in
a space of as many dimensions as there are rows: turned into its axes, a few thousand
words and features of a network become a small table, in which many heads are tried in
a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky
from scipy.sparse import issparse
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from hybridml.fusion.learning.unit_rbf import unit_rbf
from hybridml.heads.multilabel_head import MultiLabelHead
from hybridml.heads.scaled_target_head import ScaledTargetHead

Floats = npt.NDArray[np.float64]

_MOST_ROWS = 2500  # finding the axes takes time with the cube of their number
_JITTER = 1e-8  # of the mean square length: rows may repeat each other


class RowSpace:
    """Coordinates of the rows of several blocks, once they are joined.

    Parameters
    ----------
    products : sequence of ndarray of shape (n_rows, n_rows)
        Scalar products of the rows, block by block.
    """

    def __init__(self, products: Sequence[Floats]) -> None:
        self._products = products

    @classmethod
    def of(cls, blocks: Sequence[Any]) -> RowSpace:
        """Compute the scalar products of blocks of shape (n_rows, n_features)."""
        return cls([_products(block) for block in blocks])

    def take(self, blocks: Sequence[int], rows: npt.NDArray[np.intp]) -> RowSpace:
        """Take some of the blocks, and some of the rows."""
        place = np.ix_(rows, rows)
        return RowSpace([self._products[number][place] for number in blocks])

    def coordinates(self, weights: Floats) -> Floats:
        """Find coordinates of the rows of weighted blocks side by side.

        All scalar products of rows are those of the blocks, each multiplied by its
        weight, to eight digits.

        Parameters
        ----------
        weights : ndarray of shape (n_blocks,)

        Returns
        -------
        coordinates : ndarray of shape (n_rows, n_rows), float64

        Examples
        --------
        >>> block = np.array([[3.0, 4.0, 0.0, 0.0]])
        >>> RowSpace.of([block]).coordinates(np.array([2.0])).round(6).tolist()
        [[10.0]]
        """
        squares = np.square(weights)
        whole = sum(s * p for s, p in zip(squares, self._products, strict=True))
        jitter = _JITTER * max(float(np.trace(whole)) / len(whole), _JITTER)
        whole[np.diag_indices_from(whole)] += jitter
        return np.asarray(cholesky(whole, lower=True))


def is_worth_turning(blocks: Sequence[Any], heads: Sequence[Any]) -> bool:
    """Whether heads may be tried on coordinates of the rows, and sooner so.

    Parameters
    ----------
    blocks : sequence of ndarray or CSR array of shape (n_rows, n_features)
    heads : sequence of estimators
    """
    n_rows = blocks[0].shape[0]
    n_features = sum(block.shape[1] for block in blocks)
    is_wide = n_rows < n_features and n_rows <= _MOST_ROWS
    return is_wide and all(sees_scalar_products_only(head) for head in heads)


def sees_scalar_products_only(head: Any) -> bool:
    """Whether an estimator gives the same where all rows are turned together.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> heads = LogisticRegression(), RandomForestClassifier()
    >>> [sees_scalar_products_only(head) for head in heads]
    [True, False]
    """
    is_wrapped = isinstance(head, MultiLabelHead | ScaledTargetHead)
    inner = head.estimator if is_wrapped else head
    params = inner.get_params(deep=False) if hasattr(inner, "get_params") else {}
    if type(inner) in (SVC, SVR):
        return params["kernel"] in (unit_rbf, "linear")
    if type(inner) in (Ridge, RidgeClassifier):
        return not params["positive"]
    if type(inner) not in (LogisticRegression, LinearSVC, LinearSVR):
        return False
    is_squared = params.get("penalty", "l2") in ("l2", "deprecated", None)
    return is_squared and not params.get("l1_ratio")


def _products(block: Any) -> Floats:
    dense = np.asarray(block.toarray() if issparse(block) else block, dtype=np.float64)
    return dense @ dense.T
