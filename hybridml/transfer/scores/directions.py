"""Features as directions among the images, each with the power they have in it."""

from __future__ import annotations

from scipy.linalg import eigh, svd

from hybridml.transfer.scores.checking import Floats


def find_directions(values: Floats) -> tuple[Floats, Floats]:
    """Decompose features, at the cost of the images or of the features if fewer.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features), float64

    Returns
    -------
    directions : ndarray of shape (n_images, min(n_images, n_features)), float64
        Orthonormal columns: the left singular vectors.
    power : ndarray of shape (min(n_images, n_features),), float64
        Squares of the singular values, in no particular order.

    Examples
    --------
    >>> import numpy as np
    >>> directions, power = find_directions(np.array([[3.0, 0.0], [0.0, 2.0]]))
    >>> (directions * power @ directions.T).round(9)
    array([[9., 0.],
           [0., 4.]])
    """
    n_images, n_features = values.shape
    if n_images <= n_features:
        power, directions = eigh(values @ values.T)
        return directions, power.clip(min=0)
    directions, lengths, _ = svd(values, full_matrices=False)
    return directions, lengths**2
