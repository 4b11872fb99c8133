"""How sure a network's own outputs are of images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import entr, softmax


def read_outputs(logits: npt.NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Sum up how sure a classifier is.

    Parameters
    ----------
    logits : ndarray of shape (n_images, n_outputs)

    Returns
    -------
    entropy : float
        Mean over the images of the entropy of the outputs' probabilities, divided by
        the greatest possible, log(n_outputs): 0 where each image is one class for
        sure, 1 where all classes are equally likely. 0 for a single output.
    top_probability : float
        Mean over the images of the greatest probability.

    Examples
    --------
    >>> read_outputs(np.zeros((2, 1000)))
    (1.0, 0.001)
    """
    probabilities = softmax(logits.astype(np.float64), axis=1)
    most = np.log(logits.shape[1]) or 1.0
    entropies = entr(probabilities).sum(axis=1) / most
    top = probabilities.max(axis=1).mean()
    return round(float(entropies.mean()), 12), round(float(top), 12)
