"""What each row adds to a score that is a mean over the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score

from hybridml.comparing.outputs import Outputs


def row_scores(
    scorer: Any, outputs: Outputs, targets: npt.NDArray[Any]
) -> npt.NDArray[np.float64] | None:
    """Split the accuracy of what was said up into its rows.

    Scorers check their input for a millisecond each time: a thousand draws of the rows
    take a second, and with these numbers a millisecond.

    Parameters
    ----------
    scorer : callable
        One for which `can_score_outputs` holds.
    outputs : Outputs
    targets : ndarray of shape (n_rows,) or (n_rows, n_labels)
        As the scorer has taken them together with the outputs.

    Returns
    -------
    scores : ndarray of shape (n_rows,), float64, or None
        Their mean over some rows is the score of these, bit for bit. None for other
        scores than plain accuracy.

    Examples
    --------
    >>> from sklearn.metrics import get_scorer
    >>> said, truth = Outputs(np.array(["a", "b"])), np.array(["a", "a"])
    >>> row_scores(get_scorer("accuracy"), said, truth)
    array([1., 0.])
    """
    if getattr(scorer, "_score_func", None) is not accuracy_score:
        return None
    if scorer._kwargs or scorer._sign != 1:
        return None
    is_right: npt.NDArray[np.bool_] = np.asarray(outputs.predict == targets)
    if is_right.ndim == 2:
        is_right = np.asarray(is_right.all(axis=1))
    return is_right.astype(np.float64)
