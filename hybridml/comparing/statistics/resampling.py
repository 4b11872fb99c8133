"""What a score would be on other test images: those at hand, drawn with replacement."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe, is_count
from hybridml.comparing.statistics.fold_mean import check_level
from hybridml.exceptions import DataError, InvalidParameterError

Positions = npt.NDArray[np.intp]
ImageScores = Callable[[Positions], float] | npt.NDArray[np.floating]

_POSITIONS_AT_ONCE = 1_000_000


@dataclass(frozen=True, eq=False)
class Resampled:
    """A score, and what it is on resamples of its test images.

    Attributes
    ----------
    score : float
        On the images as they are.
    resamples : ndarray of shape (n_resamples,), float64
        NaN where a resample has no score, as AUC has none where a class is missing.
    """

    score: float
    resamples: npt.NDArray[np.float64]

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Percentiles of the resamples that hold their share `level`."""
        check_level(level)
        known = self.resamples[~np.isnan(self.resamples)]
        if not len(known):
            return math.nan, math.nan
        low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def resample_score(
    score: ImageScores, n_images: int, *, n_resamples: int = 1000, random_state: int = 0
) -> Resampled:
    """Score a contender on resamples of its test images.

    Parameters
    ----------
    score : callable or ndarray of shape (n_images,)
        ``score(positions)`` is the score on the test images at these positions, NaN
        where there is none. An array holds what each image adds to a score that is a
        mean over the images (1.0 and 0.0 for right and wrong, in accuracy): this is
        many times faster.
    n_images : int
        Number of test images.
    n_resamples : int, default=1000
    random_state : int, default=0
        The same numbers draw the same images: contenders can be paired.

    Returns
    -------
    resampled : Resampled

    Raises
    ------
    DataError
        If an array is not of one number an image.
    InvalidParameterError
        If `n_images` or `n_resamples` is not positive.

    Examples
    --------
    >>> right = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    >>> resampled = resample_score(right, 8)
    >>> resampled.score, resampled.interval(0.9)
    (0.75, (0.5, 1.0))
    """
    for name, value in (("n_images", n_images), ("n_resamples", n_resamples)):
        if not is_count(value):
            raise InvalidParameterError(describe(name, value, "a positive integer"))
    blocks = _draw(n_images, n_resamples, random_state)
    if callable(score):
        whole = float(score(np.arange(n_images)))
        each = [float(score(row)) for block in blocks for row in block]
        return Resampled(whole, np.array(each))
    parts = np.asarray(score, dtype=np.float64)
    if parts.shape != (n_images,):
        raise DataError(
            f"Got contributions of shape {parts.shape}; expected one number for "
            f"each of {n_images} images."
        )
    means = [parts[block].mean(axis=1) for block in blocks]
    return Resampled(float(parts.mean()), np.concatenate(means))


def _draw(n_images: int, n_resamples: int, random_state: int) -> Iterator[Positions]:
    """Yield blocks of resamples, of shape (n_rows, n_images), as memory allows."""
    generator = np.random.default_rng(random_state)
    n_rows = max(1, _POSITIONS_AT_ONCE // n_images)
    for start in range(0, n_resamples, n_rows):
        shape = min(n_rows, n_resamples - start), n_images
        yield generator.integers(n_images, size=shape, dtype=np.intp)
