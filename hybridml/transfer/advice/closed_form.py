"""Ridge regression of all strengths on a fold, from one decomposition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hybridml.heads.floored_scaler import FlooredScaler

# In parts of the mean squared length of an image's features.
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)

Rows = npt.NDArray[np.float64]


def similarities_of(features: npt.NDArray[np.float32]) -> Rows:
    """Multiply the standardised features of each image with those of each other.

    Parameters
    ----------
    features : ndarray of shape (n_images, n_features), float32
        They are standardised over all the images, of which no label is needed.

    Returns
    -------
    products : ndarray of shape (n_images, n_images), float64
        Scaled so that the mean of the diagonal is 1; all zeros where nothing varies.
    """
    rows = FlooredScaler().fit_transform(features.astype(np.float64))
    products = rows @ rows.T
    scale = float(np.trace(products)) / len(products)
    return np.asarray(products / scale if scale > 0 else products)


def predict_ridge(
    products: Rows,
    codes: Rows,
    train: npt.NDArray[np.intp],
    test: npt.NDArray[np.intp],
    strengths: Sequence[float] = STRENGTHS,
) -> Rows:
    """Predict the codes of some images by ridge regressions on others.

    Parameters
    ----------
    products : ndarray of shape (n_images, n_images)
        See `similarities_of`.
    codes : ndarray of shape (n_images, n_columns)
        Numbers to predict; for classes 1 in the column of an image's own.
    train, test : ndarray of int
    strengths : sequence of float, default=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0)

    Returns
    -------
    predicted : ndarray of shape (n_strengths, n_test, n_columns)
    """
    known, asked = products[np.ix_(train, train)], products[np.ix_(test, train)]
    means = known.mean(axis=0)
    overall = means.mean()
    centred = known - means - means[:, None] + overall
    values, vectors = np.linalg.eigh(centred)
    beginning = codes[train].mean(axis=0)
    along = vectors.T @ (codes[train] - beginning)
    towards = (asked - asked.mean(axis=1, keepdims=True) - means + overall) @ vectors
    shrunk = [along / (values.clip(min=0) + s)[:, None] for s in strengths]
    return np.asarray(np.stack([towards @ part for part in shrunk]) + beginning)
