"""A question about images, the images to learn from, and the images to be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.intp]
Kind = Literal["classification", "regression"]

PER_CLASS = (5, 20, 100)
IN_ALL = (20, 100, 300)  # of a regression
ALL = "all"
MOST_JUDGED = 300
_MOST_LEARNED = 900
_FEWEST_PART = 0.6  # of a size, that the rarest class has to have
_WORTH_ALL = 1.4


@dataclass(frozen=True, eq=False)
class Task:
    """Images, a target each, and where they belong.

    Attributes
    ----------
    name : str
    group : str
        The data set. Tasks of one group share their images: advice that is designed on
        some of them has to be checked on another group.
    is_similar : bool
        Whether the question is one about things in photos, as ImageNet's is. A matter
        of common sense, said before anything was measured.
    augmentation : str
        Of fine-tuning: "standard" flips and changes the light, "light" only shifts and
        scales, which suits what has a direction, or where the colour is asked for.
    images : ndarray of shape (n_images, ...)
        Paths, or pixels.
    targets : ndarray of shape (n_images,)
    pool, test : ndarray of int
        Positions of the images to learn from, and of those to be judged by, at most
        300. The judged are the same at all sizes and seeds.
    kind : {"classification", "regression"}
    """

    name: str
    group: str
    is_similar: bool
    augmentation: str
    images: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    pool: Positions
    test: Positions
    kind: Kind = "classification"

    @property
    def n_classes(self) -> int:
        """How many classes there are; 0 for a regression."""
        if self.kind == "regression":
            return 0
        return len(np.unique(self.targets[self.pool]))

    @property
    def sizes(self) -> list[str]:
        """The training sizes that the pool can give: images a class, or "all".

        Of a regression: images in all. A class may have a little less than its share.
        """
        if self.kind == "regression":
            return [str(n) for n in IN_ALL if len(self.pool) >= _FEWEST_PART * n]
        rarest = np.unique(self.targets[self.pool], return_counts=True)[1].min()
        sizes = [n for n in PER_CLASS if rarest >= _FEWEST_PART * n]
        worth = _WORTH_ALL * sizes[-1] * self.n_classes
        is_worth_all = worth <= len(self.pool) <= _MOST_LEARNED
        return [str(n) for n in sizes] + [ALL] * is_worth_all

    def train(self, size: str, seed: int) -> Positions:
        """Draw positions to learn from: of one seed, each size holds all smaller ones.

        Parameters
        ----------
        size : str
            One of `sizes`.
        seed : int
        """
        shuffled = np.random.default_rng(seed).permutation(self.pool)
        if size == ALL:
            return np.sort(shuffled)
        if self.kind == "regression":
            return np.sort(shuffled[: int(size)])
        return first_of_each(self.targets, shuffled, int(size))


def first_of_each(
    targets: npt.NDArray[Any], positions: Positions, n_most: int
) -> Positions:
    """Take the first `n_most` positions of each class, and sort them."""
    labels = targets[positions]
    parts = [positions[labels == label][:n_most] for label in np.unique(labels)]
    return np.sort(np.concatenate(parts))


def judged(targets: npt.NDArray[Any], positions: Positions) -> Positions:
    """Draw at most 300 positions, and of each class no more than its share of 300."""
    shuffled = np.random.default_rng(0).permutation(positions)
    return first_of_each(targets, shuffled, MOST_JUDGED // len(np.unique(targets)))


def split_off(targets: npt.NDArray[Any], n_of_each: int) -> tuple[Positions, Positions]:
    """Part positions into pool and test, of which each class gets `n_of_each`."""
    shuffled = np.random.default_rng(0).permutation(len(targets))
    test = first_of_each(targets, shuffled, n_of_each)
    return np.setdiff1d(np.arange(len(targets)), test), test
