"""How the features of several layers become one table: each layer counts the same."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

Layer = tuple[str, npt.NDArray[np.float32]]


def join_layers(
    layers: Iterable[Layer],
) -> tuple[npt.NDArray[np.float32], pd.DataFrame]:
    """Put layers side by side, each image's features of a layer at length 1.

    Parameters
    ----------
    layers : iterable of (str, ndarray of shape (n_images, n_features))
        Cut layers with their features.

    Returns
    -------
    table : ndarray of shape (n_images, n_columns), float32
    columns : DataFrame
        One row a column of the table: cut_layer, and feature, its number there.

    References
    ----------
    U. Evci et al., "Head2Toe: Utilizing Intermediate Representations for Better
    Transfer Learning", ICML 2022, section 3.2.
    """
    parts, origins = [], []
    for name, features in layers:
        parts.append(unit_rows(features))
        feature = np.arange(features.shape[1])
        origins.append(pd.DataFrame({"cut_layer": name, "feature": feature}))
    return np.hstack(parts), pd.concat(origins, ignore_index=True)


def unit_rows(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scale each row to length 1; a row of zeros stays.

    Examples
    --------
    >>> unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32))
    array([[0.6, 0.8], [0. , 0. ]], dtype=float32)
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", features, features, dtype=np.float64))
    lengths[lengths == 0] = 1
    return np.asarray(features / lengths[:, None], dtype=np.float32)
