"""How a score is shared out fairly between those who brought it about together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import factorial

import numpy as np
import numpy.typing as npt


def shapley_values(
    worth: Mapping[tuple[int, ...], float], n_players: int
) -> npt.NDArray[np.float64]:
    """Share out what all achieve: the mean gain by each over all orders of arrival.

    Parameters
    ----------
    worth : mapping of {tuple of int: float}
        What each set of players achieves, by their sorted positions; () is nobody.
    n_players : int

    Returns
    -------
    values : ndarray of shape (n_players,), float64
        Their sum is what all achieve less what nobody does.

    References
    ----------
    L. Shapley, "A value for n-person games", in Contributions to the Theory of Games
    II, 1953.

    Examples
    --------
    >>> shapley_values({(): 0.5, (0,): 0.7, (1,): 0.6, (0, 1): 0.9}, 2).round(3)
    array([0.25, 0.15])
    """
    values = np.zeros(n_players)
    for player in range(n_players):
        others = [other for other in range(n_players) if other != player]
        for size in range(n_players):
            share = (
                factorial(size) * factorial(n_players - size - 1) / factorial(n_players)
            )
            for before in combinations(others, size):
                after = tuple(sorted((*before, player)))
                values[player] += share * (worth[after] - worth[before])
    return values
