"""What p-values are worth when many comparisons are made at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hybridml.exceptions import DataError


def holm_adjusted(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Adjust p-values by Holm's step-down method.

    The smallest is multiplied by the number of comparisons, the next by one less, and
    so on; none may fall below the one before it. Calling those below 0.05 significant
    makes one or more false claims in at most 5 % of all families of comparisons,
    however these depend on one another.

    Parameters
    ----------
    p_values : array-like of shape (n_comparisons,)
        NaN stands for a comparison that could not be made: it stays NaN and does not
        count.

    Returns
    -------
    adjusted : ndarray of shape (n_comparisons,), float64

    Raises
    ------
    DataError
        If `p_values` has not one axis, or one does not lie between 0 and 1.

    References
    ----------
    .. [1] S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure",
       Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> holm_adjusted([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=np.float64)
    known = given[~np.isnan(given)]
    if given.ndim != 1 or (known < 0).any() or (known > 1).any():
        message = f"Got p_values={p_values!r}; expected a row of numbers from 0 to 1."
        raise DataError(message)
    order = np.argsort(known, kind="stable")
    steps = known[order] * np.arange(len(known), 0, -1)
    adjusted = np.empty_like(known)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    result = np.full_like(given, np.nan)
    result[~np.isnan(given)] = adjusted
    return result
