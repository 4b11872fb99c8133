"""Means and variances of channels, batch by batch, and how far two lie apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass
class Moments:
    """Mean and variance of each channel over all the values added so far.

    Merged batch by batch without a loss of digits.

    References
    ----------
    Chan, Golub & LeVeque, "Algorithms for Computing the Sample Variance: Analysis and
    Recommendations", The American Statistician, 1983, section 3.
    """

    n_values: int = 0
    mean: Floats = field(default_factory=lambda: np.zeros(1))
    variance: Floats = field(default_factory=lambda: np.zeros(1))

    def add(self, n_values: int, mean: Floats, variance: Floats) -> None:
        """Add a batch of `n_values` values a channel, by its moments."""
        share = n_values / (self.n_values + n_values)
        step = mean - self.mean
        self.mean = self.mean + share * step
        within = (1 - share) * self.variance + share * variance
        self.variance = within + share * (1 - share) * step**2
        self.n_values += n_values


def equivalent_shift(
    mean: Floats, variance: Floats, other_mean: Floats, other_variance: Floats
) -> Floats:
    """Say by how many standard deviations two normal distributions lie apart.

    It is the square root of eight times their Bhattacharyya distance. Where the
    variances are equal, this is the difference of the means in standard deviations;
    where they are not, the shift that would make two equally wide distributions overlap
    as little. Symmetric, and 0 only where both moments are the same.

    Parameters
    ----------
    mean, variance, other_mean, other_variance : ndarray of shape (n_channels,)
        Variances above 0.

    Returns
    -------
    shift : ndarray of shape (n_channels,)
        NaN or infinite where a moment is not finite.

    References
    ----------
    Kailath, "The Divergence and Bhattacharyya Distance Measures in Signal Selection",
    IEEE Transactions on Communication Technology, 1967.

    Examples
    --------
    >>> one = np.ones(3)
    >>> equivalent_shift(np.array([0.0, 0.5, 2.0]), one, 0 * one, one)
    array([0. , 0.5, 2. ])
    """
    with np.errstate(invalid="ignore"):
        both = variance + other_variance
        of_means = 0.25 * (mean - other_mean) ** 2 / both
        logs = np.log(variance) + np.log(other_variance)
        of_variances = 0.5 * (np.log(both / 2) - logs / 2)
        # Rounding may take equal variances a last bit below zero.
        distance: Floats = np.maximum(of_means + of_variances, 0.0)
    return np.sqrt(8 * distance)
