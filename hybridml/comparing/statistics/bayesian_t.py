"""How probable it is that a contender is better, as good, or worse."""

from __future__ import annotations

from typing import NamedTuple

import numpy.typing as npt
from scipy import stats

from hybridml._checks import describe, is_number
from hybridml.comparing.statistics.fold_mean import mean_over_folds
from hybridml.exceptions import InvalidParameterError


class Probabilities(NamedTuple):
    """How probable each outcome of a comparison is; they sum to 1."""

    better: float
    equivalent: float
    worse: float


def probabilities_of_difference(
    differences: npt.ArrayLike,
    *,
    n_train: npt.ArrayLike,
    n_test: npt.ArrayLike,
    rope: float = 0.01,
) -> Probabilities:
    """Say how probable each outcome is, by the Bayesian correlated t-test.

    Under the usual vague prior, the expected difference follows a Student distribution
    with ``n_folds - 1`` degrees of freedom round the mean of the differences. Its scale
    is that of normal differences of which each two have the correlation
    ``n_test / (n_train + n_test)``.

    Parameters
    ----------
    differences : array-like of shape (n_folds,)
        Score of one contender minus that of the other, in the same folds.
    n_train, n_test : int or array-like of shape (n_folds,)
        Images a fold learns from and is tested on.
    rope : float, default=0.01
        Half width of the region of practical equivalence: differences up to this size
        do not matter. In units of the score.

    Returns
    -------
    probabilities : Probabilities
        That the first contender is better by more than `rope`, that they differ by no
        more, and that it is worse by more.

    Raises
    ------
    DataError
        If there are fewer than two differences, or one is not finite.
    InvalidParameterError
        If `rope` is negative, or `n_train` or `n_test` is not positive.

    References
    ----------
    .. [1] G. Corani and A. Benavoli, "A Bayesian approach for comparing cross-validated
       algorithms on multiple data sets", Machine Learning 100, 2015.
    .. [2] A. Benavoli, G. Corani, J. Demsar and M. Zaffalon, "Time for a Change: a
       Tutorial for Comparing Multiple Classifiers Through Bayesian Analysis", Journal
       of Machine Learning Research 18, 2017.

    Examples
    --------
    >>> found = probabilities_of_difference(
    ...     [0.03, 0.05, 0.01, 0.04, 0.02], n_train=160, n_test=40
    ... )
    >>> [round(share, 3) for share in found]
    [0.934, 0.056, 0.01]
    """
    check_rope(rope)
    found = mean_over_folds(differences, n_train=n_train, n_test=n_test)
    posterior = stats.t(found.df, loc=found.mean, scale=found.standard_error)
    better, worse = float(posterior.sf(rope)), float(posterior.cdf(-rope))
    return Probabilities(better, max(0.0, 1 - better - worse), worse)


def check_rope(rope: object) -> None:
    """Refuse a region of practical equivalence that is none."""
    if not is_number(rope):
        expected = "the largest difference that does not matter, 0 or more"
        raise InvalidParameterError(describe("rope", rope, expected))
