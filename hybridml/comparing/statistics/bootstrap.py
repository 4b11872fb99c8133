"""Whether a difference that only one split shows is more than chance: the bootstrap."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe, is_number
from hybridml.comparing.statistics.bayesian_t import Probabilities, check_rope
from hybridml.comparing.statistics.fold_mean import check_level
from hybridml.comparing.statistics.resampling import Resampled
from hybridml.exceptions import DataError, InvalidParameterError

_ROUNDING = 1e-9  # sums in another order differ by less


@dataclass(frozen=True)
class PairedBootstrap:
    """What a paired bootstrap found.

    Attributes
    ----------
    difference : float
        Score of the first contender minus that of the second.
    low, high : float
        Bounds of the difference.
    p_value : float
        Two-sided; below ``1 - level`` just where the bounds leave out 0.
    probabilities : Probabilities
        Of the first contender being better, equivalent and worse.
    n_dropped : int
        Resamples that had no score.
    """

    difference: float
    low: float
    high: float
    p_value: float
    probabilities: Probabilities
    n_dropped: int


def paired_bootstrap(
    first: Resampled,
    second: Resampled,
    *,
    test_to_train: float = 0.0,
    level: float = 0.95,
    rope: float = 0.01,
) -> PairedBootstrap:
    """Compare two contenders that were tested on the same images of one split.

    Parameters
    ----------
    first, second : Resampled
        From `resample_score`, with the same numbers of images and resamples and the
        same `random_state`.
    test_to_train : float, default=0.0
        Test images for each training image. A bootstrap knows how scores vary with the
        test images, but not how they would with other training images. Its deviations
        are widened by ``sqrt(1 + test_to_train)``: this is the correction that
        `mean_over_folds` makes, for one fold. At 0, the result speaks only of the two
        as they were trained.
    level : float, default=0.95
        Confidence of the bounds.
    rope : float, default=0.01
        Differences up to this size do not matter.

    Returns
    -------
    found : PairedBootstrap
        The bounds are symmetric round the difference. The p-value is the share of
        resamples that deviate from the difference by at least its size, where the
        difference itself counts as one more resample. All is NaN where no resample
        has a score.

    Raises
    ------
    DataError
        If the two do not have the same number of resamples.
    InvalidParameterError
        If `level`, `rope` or `test_to_train` is out of range.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993,
       chapters 13 and 16.
    .. [2] P. Hall, "On Symmetric Bootstrap Confidence Intervals", Journal of the Royal
       Statistical Society B 50, 1988.
    .. [3] A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application",
       1997, chapter 4, for the resample that is added.
    .. [4] D. B. Rubin, "The Bayesian Bootstrap", Annals of Statistics 9, 1981, for
       reading shares of resamples as probabilities.

    Examples
    --------
    >>> from hybridml.comparing.statistics.resampling import resample_score
    >>> right = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0] * 10)
    >>> wrong = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0] * 10)
    >>> found = paired_bootstrap(resample_score(right, 80), resample_score(wrong, 80))
    >>> found.difference, found.p_value < 0.01
    (0.25, True)
    """
    check_level(level)
    check_rope(rope)
    if not is_number(test_to_train):
        expected = "test images for each training image, 0 or more"
        raise InvalidParameterError(describe("test_to_train", test_to_train, expected))
    difference = first.score - second.score
    deviations = _deviations(first, second) * math.sqrt(1 + test_to_train)
    n_dropped = len(first.resamples) - len(deviations)
    if not len(deviations):
        nothing = Probabilities(math.nan, math.nan, math.nan)
        return PairedBootstrap(
            difference, math.nan, math.nan, math.nan, nothing, n_dropped
        )
    sizes, size = np.abs(deviations), abs(difference)
    sizes[np.abs(sizes - size) < _ROUNDING] = size
    n_as_far = int((sizes >= size).sum())
    half = float(np.quantile(sizes, level, method="higher"))
    return PairedBootstrap(
        difference,
        difference - half,
        difference + half,
        (1 + n_as_far) / (1 + len(sizes)),
        _probabilities(difference + deviations, rope),
        n_dropped,
    )


def _deviations(first: Resampled, second: Resampled) -> npt.NDArray[np.float64]:
    """By how much resampled differences are off the difference, where known."""
    if first.resamples.shape != second.resamples.shape:
        raise DataError(
            f"Got {len(first.resamples)} and {len(second.resamples)} resamples; "
            "expected the same for both."
        )
    differences = first.resamples - second.resamples
    known = differences[~np.isnan(differences)]
    return known - (first.score - second.score)


def _probabilities(draws: npt.NDArray[np.float64], rope: float) -> Probabilities:
    better = float((draws > rope + _ROUNDING).mean())
    worse = float((draws < -rope - _ROUNDING).mean())
    return Probabilities(better, max(0.0, 1 - better - worse), worse)
