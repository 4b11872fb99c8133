"""How much each member of an ensemble counts, from what it says out of fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import softmax

Floats = npt.NDArray[np.float64]
# For the weights of a mixture: its mean loss, and the gradient of that.
Loss = Callable[[Floats], tuple[float, Floats]]

# What pulls the weights to the same for all counts as much as so many images.
_PRIOR_IMAGES = 2.0
_LEAST = 1e-6  # a probability that is 0 out of fold is luck


def weigh_probabilities(likelihoods: Floats) -> Floats:
    """Find the weights of members whose mixed probabilities lose least.

    The loss is the logarithmic one, plus a pull to equal weights (their relative
    entropy to these) that counts as much as two images: with few images to judge by
    members count nearly the same, with many as much as they are right.

    Parameters
    ----------
    likelihoods : ndarray of shape (n_members, n_images)
        What each member, out of fold, gives the true class of an image.

    Returns
    -------
    weights : ndarray of shape (n_members,)
        Above 0, of sum 1.

    References
    ----------
    M. J. van der Laan, E. C. Polley, A. E. Hubbard, "Super Learner", Statistical
    Applications in Genetics and Molecular Biology 6, 2007 (convex weights from
    predictions out of fold); D. H. Wolpert, "Stacked generalization", Neural Networks
    5, 1992.

    Examples
    --------
    >>> better, worse = np.full(100, 0.8), np.full(100, 0.7)
    >>> weigh_probabilities(np.stack([better, worse])).round(1)
    array([1., 0.])
    >>> weigh_probabilities(np.stack([better, worse])[:, :4]).round(1)
    array([0.6, 0.4])
    """
    given = np.clip(likelihoods, _LEAST, 1)

    def loss(weights: Floats) -> tuple[float, Floats]:
        mixed = weights @ given
        return -float(np.log(mixed).mean()), -(given / mixed).mean(axis=1)

    return _on_simplex(loss, *given.shape)


def weigh_numbers(predicted: Floats, targets: Floats) -> Floats:
    """Find the weights of members whose mean of numbers has the least squared error.

    As `weigh_probabilities`; errors are counted in parts of the targets' variance.

    Parameters
    ----------
    predicted : ndarray of shape (n_members, n_images, n_targets)
        Out of fold.
    targets : ndarray of shape (n_images, n_targets)

    Returns
    -------
    weights : ndarray of shape (n_members,)
        Above 0, of sum 1.

    References
    ----------
    L. Breiman, "Stacked regressions", Machine Learning 24, 1996.
    """
    spread = targets.std(axis=0)
    spread[spread == 0] = 1
    errors = ((predicted - targets) / spread).reshape(len(predicted), -1)
    products = errors @ errors.T / errors.shape[1]

    def loss(weights: Floats) -> tuple[float, Floats]:
        gradient = products @ weights
        return float(weights @ gradient), 2 * gradient

    return _on_simplex(loss, len(predicted), len(targets))


def _on_simplex(loss: Loss, n_members: int, n_images: int) -> Floats:
    """Minimise over weights from 0 that sum to 1, as the softmax of free numbers."""
    pull = _PRIOR_IMAGES / n_images

    def penalised(free: Floats) -> tuple[float, Floats]:
        weights = softmax(free)
        surprise = np.log(weights * n_members + np.finfo(float).tiny)
        value, gradient = loss(weights)
        gradient = gradient + pull * surprise
        value += pull * float(weights @ surprise)
        return value, weights * (gradient - weights @ gradient)

    found = minimize(penalised, np.zeros(n_members), jac=True, method="L-BFGS-B")
    return np.asarray(softmax(found.x))
