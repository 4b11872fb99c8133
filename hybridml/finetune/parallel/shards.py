"""Which process has which images, and in what order all are learned from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hybridml.finetune.feeding.training_data import TrainingData

Positions = npt.NDArray[np.intp]


def deal_images(
    data: TrainingData, n_images: int, n_owners: int, *, random_state: int
) -> Positions:
    """Deal images out at random, as many of each part to each process, or one more.

    Parameters
    ----------
    data : TrainingData
        Images that are learned from and those held out are dealt out by themselves.
    n_images : int
        In all: those without weight are dealt out too.
    n_owners : int
    random_state : int

    Returns
    -------
    owners : ndarray of shape (n_images,), int
        Number of the process that has each image.
    """
    rng = np.random.default_rng(random_state)
    used = np.concatenate([data.train, data.held_out])
    rest = np.setdiff1d(np.arange(n_images), used)
    owners = np.empty(n_images, dtype=np.intp)
    first = 0  # goes on where the last part ended, so that the sums are even too
    for part in (data.train, data.held_out, rest):
        dealt = rng.permutation(part)
        owners[dealt] = (first + np.arange(len(dealt))) % n_owners
        first += len(dealt)
    return owners


def deal_order(order: Positions, owners: Positions) -> Positions:
    """Change an order so that the images of each process are spread out evenly.

    Among those of one process the order stays. Where all have as many, they take
    turns: each stretch as long as there are processes has an image of each.

    Parameters
    ----------
    order : ndarray of int
        Positions.
    owners : ndarray of int
        Number of the process, by position.

    Examples
    --------
    >>> deal_order(np.array([4, 0, 2, 1, 3, 5]), np.array([0, 0, 0, 1, 1, 1]))
    array([0, 4, 2, 3, 1, 5])
    """
    owner = owners[order]
    places = np.empty(len(order))
    for one in np.unique(owner):
        (own,) = np.nonzero(owner == one)
        places[own] = (np.arange(len(own)) + 0.5) / len(own)
    return order[np.lexsort((owner, places))]
