"""Whether scores of the same folds differ by more than chance: the corrected t-test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt
from scipy import stats

from hybridml.comparing.statistics.fold_mean import mean_over_folds


@dataclass(frozen=True)
class TTest:
    """What a two-sided t-test found.

    Attributes
    ----------
    statistic, p_value : float
    df : int
        Degrees of freedom.
    mean, standard_error : float
        Of the differences.
    """

    statistic: float
    p_value: float
    df: int
    mean: float
    standard_error: float


def corrected_resampled_t_test(
    differences: npt.ArrayLike, *, n_train: npt.ArrayLike, n_test: npt.ArrayLike
) -> TTest:
    """Test whether two contenders score the same, from their differences by fold.

    Parameters
    ----------
    differences : array-like of shape (n_folds,)
        Score of one contender minus that of the other, in the same folds; the folds of
        all repetitions, where there are several.
    n_train, n_test : int or array-like of shape (n_folds,)
        Images a fold learns from and is tested on.

    Returns
    -------
    test : TTest
        Equal differences in all folds are not taken for certain: see
        `mean_over_folds`. Without any difference the p-value is 1.

    Raises
    ------
    DataError
        If there are fewer than two differences, or one is not finite.
    InvalidParameterError
        If `n_train` or `n_test` is not positive, or not of one value a fold.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine
       Learning 52, 2003.

    Examples
    --------
    >>> test = corrected_resampled_t_test(
    ...     [0.03, 0.05, 0.01, 0.04, 0.02], n_train=160, n_test=40
    ... )
    >>> round(test.statistic, 2), round(test.p_value, 3)
    (2.83, 0.047)
    """
    found = mean_over_folds(differences, n_train=n_train, n_test=n_test)
    statistic = found.mean / found.standard_error
    p_value = 2 * float(stats.t.sf(abs(statistic), found.df))
    return TTest(statistic, p_value, found.df, found.mean, found.standard_error)


def corrected_interval(
    scores: npt.ArrayLike,
    *,
    n_train: npt.ArrayLike,
    n_test: npt.ArrayLike,
    level: float = 0.95,
) -> tuple[float, float]:
    """Bound the expected score of one contender, from its scores by fold.

    Parameters
    ----------
    scores : array-like of shape (n_folds,)
    n_train, n_test : int or array-like of shape (n_folds,)
        Images a fold learns from and is tested on.
    level : float, default=0.95
        Confidence.

    Returns
    -------
    low, high : float
        Round the mean of the scores. They know of no limits: near a share of 1, `high`
        may lie above it.

    Raises
    ------
    DataError
        If there are fewer than two scores, or one is not finite.
    InvalidParameterError
        If `n_train` or `n_test` is not positive, or `level` not between 0 and 1.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine
       Learning 52, 2003.

    Examples
    --------
    >>> low, high = corrected_interval(
    ...     [0.90, 0.86, 0.94, 0.88, 0.92], n_train=80, n_test=20
    ... )
    >>> round(low, 3), round(high, 3)
    (0.841, 0.959)
    """
    found = mean_over_folds(scores, n_train=n_train, n_test=n_test)
    return found.interval(level)
