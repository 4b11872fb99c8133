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
from scipy.sparse import issparse
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from hybridml.fusion.learning.unit_rbf import unit_rbf
from hybridml.heads.multilabel_head import MultiLabelHead
from hybridml.heads.scaled_target_head import ScaledTargetHead

Floats = npt.NDArray[np.float64]

_MOST_ROWS = 2500  # finding the axes takes time with the cube of their number
_LEAST = 1e-12  # of the longest axis: shorter ones are rounding errors


class RowSpace:
    """Blocks of features of the same rows, and their coordinates once joined.

    Parameters
    ----------
    blocks : sequence of ndarray or CSR array of shape (n_rows, n_features)
    """

    def __init__(self, blocks: Sequence[Any]) -> None:
        self._products = [_products(block) for block in blocks]

    def coordinates(self, weights: Floats) -> Floats:
        """Find coordinates of the rows of weighted blocks side by side.

        All scalar products of rows are those of the blocks, each multiplied by its
        weight.

        Parameters
        ----------
        weights : ndarray of shape (n_blocks,)

        Returns
        -------
        coordinates : ndarray of shape (n_rows, n_axes), float64

        Examples
        --------
        >>> block = np.array([[3.0, 4.0, 0.0, 0.0]])
        >>> RowSpace([block]).coordinates(np.array([2.0])).round(6).tolist()
        [[10.0]]
        """
        squares = np.square(weights)
        whole = sum(s * p for s, p in zip(squares, self._products, strict=True))
        lengths, axes = np.linalg.eigh(whole)
        kept = lengths > _LEAST * lengths[-1]
        found = axes[:, kept] * np.sqrt(lengths[kept])
        return np.asarray(found * np.where(found.sum(axis=0) < 0, -1.0, 1.0))


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
