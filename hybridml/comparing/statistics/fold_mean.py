"""The mean over folds that share training images, and how uncertain it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from hybridml._checks import describe, is_number
from hybridml.exceptions import DataError, InvalidParameterError

_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class FoldMean:
    """A mean over folds.

    Attributes
    ----------
    mean : float
    standard_error : float
        With the correction for folds that share training images; never 0.
    df : int
        Degrees of freedom of the Student distribution round the mean.
    """

    mean: float
    standard_error: float
    df: int

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Bounds between which the expected score lies with confidence `level`."""
        check_level(level)
        half = self.standard_error * float(stats.t.ppf((1 + level) / 2, self.df))
        return self.mean - half, self.mean + half


def mean_over_folds(
    scores: npt.ArrayLike, *, n_train: npt.ArrayLike, n_test: npt.ArrayLike
) -> FoldMean:
    """Average scores, or differences of scores, over the folds of a cross-validation.

    Folds share training images, so their scores vary together and the spread between
    them understates how far their mean is off. The variance of the mean is therefore
    ``s**2 * (1 / n_folds + n_test / n_train)``, with the spread ``s`` between folds.

    Parameters
    ----------
    scores : array-like of shape (n_folds,)
        One number a fold; the folds of all repetitions, where there are several.
    n_train, n_test : int or array-like of shape (n_folds,)
        Images a fold learns from and is tested on. Where folds differ, the mean of
        ``n_test / n_train`` counts.

    Returns
    -------
    mean : FoldMean

    Raises
    ------
    DataError
        If there are fewer than two scores, or one is not finite.
    InvalidParameterError
        If `n_train` or `n_test` is not positive, or not of one value a fold.

    Notes
    -----
    Scores of few images are coarse, and may agree in all folds without being certain.
    Equal scores are given the spread that a share of `n_test` images has by chance,
    ``sqrt(p * (1 - p) / n_test)``, with ``p`` that share, by Laplace's rule of
    succession moved away from 0 and 1. Scores beyond 1 are measured in units of
    themselves.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine
       Learning 52, 2003.
    .. [2] R. R. Bouckaert and E. Frank, "Evaluating the Replicability of Significance
       Tests for Comparing Learning Algorithms", PAKDD 2004, for repeated folds.

    Examples
    --------
    >>> found = mean_over_folds([0.90, 0.86, 0.94, 0.88, 0.92], n_train=80, n_test=20)
    >>> round(found.mean, 3), round(found.standard_error, 4), found.df
    (0.9, 0.0212, 4)
    """
    values = _as_scores(scores)
    test = _as_sizes("n_test", n_test, values)
    ratio = float(np.mean(test / _as_sizes("n_train", n_train, values)))
    mean = float(values.mean())
    if np.ptp(values) <= _NO_SPREAD * max(1.0, abs(mean)):
        spread = _least_spread(mean, float(test.mean()))
    else:
        spread = float(values.std(ddof=1))
    error = spread * math.sqrt(1 / len(values) + ratio)
    return FoldMean(mean=mean, standard_error=error, df=len(values) - 1)


def check_level(level: object) -> None:
    """Refuse a confidence that does not lie between 0 and 1."""
    if not is_number(level, high=1.0) or level in (0, 1):
        expected = "a confidence between 0 and 1, both excluded"
        raise InvalidParameterError(describe("level", level, expected))


def _least_spread(mean: float, n_test: float) -> float:
    unit = max(1.0, abs(mean))
    share = (n_test * abs(mean) / unit + 1) / (n_test + 2)
    return unit * math.sqrt(share * (1 - share) / n_test)


def _as_scores(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        message = (
            f"Got scores of shape {values.shape}; expected those of 2 folds or more."
        )
        raise DataError(f"{message} For a single split, see paired_bootstrap().")
    if not np.isfinite(values).all():
        where = np.flatnonzero(~np.isfinite(values)).tolist()
        raise DataError(
            f"Got scores that are not finite in folds {where}; expected one number a "
            "fold. Leave these folds out."
        )
    return values


def _as_sizes(
    name: str, sizes: npt.ArrayLike, scores: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    numbers = np.asarray(sizes, dtype=np.float64)
    if numbers.shape not in ((), scores.shape) or not (numbers > 0).all():
        expected = (
            f"a positive number of images, or one for each of {len(scores)} folds"
        )
        raise InvalidParameterError(describe(name, sizes, expected))
    return np.broadcast_to(numbers, scores.shape)
