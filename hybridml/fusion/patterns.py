"""Which modalities rows have, and which model is asked where some are missing.

A model for each set of modalities that may be present is as good as one trained
without the others: Mercaldo and Blume, "Missing data and prediction: the pattern
submodel", Biostatistics 21 (2020).
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations

import numpy as np
import numpy.typing as npt

Pattern = tuple[int, ...]

_ALL_UP_TO = 4  # modalities of which every set has a model: 15


def find_patterns(
    presence: npt.NDArray[np.bool_],
) -> dict[Pattern, npt.NDArray[np.intp]]:
    """Group rows by the modalities that they have.

    Parameters
    ----------
    presence : ndarray of shape (n_rows, n_modalities), bool

    Returns
    -------
    patterns : dict of {tuple of int: ndarray of int}
        Positions of the modalities, and of the rows that have these and no others.

    Examples
    --------
    >>> find_patterns(np.array([[True, True], [False, True], [True, True]]))
    {(1,): array([1]), (0, 1): array([0, 2])}
    """
    codes, inverse = np.unique(presence, axis=0, return_inverse=True)
    return {
        tuple(int(i) for i in np.flatnonzero(code)): np.flatnonzero(
            inverse.ravel() == number
        )
        for number, code in enumerate(codes)
    }


def plan_patterns(presence: npt.NDArray[np.bool_]) -> list[Pattern]:
    """List the sets of modalities that deserve a model, the full one first.

    Of up to four modalities every set does; of more, the full set, each without one,
    each alone, and those that occur in the training rows.

    Examples
    --------
    >>> plan_patterns(np.ones((3, 2), dtype=bool))
    [(0, 1), (0,), (1,)]
    """
    every = tuple(range(presence.shape[1]))
    sizes = range(len(every), 0, -1)
    if len(every) > _ALL_UP_TO:
        sizes = {len(every), len(every) - 1, 1}  # type: ignore[assignment]
    planned = [found for size in sizes for found in combinations(every, size)]
    seen = [pattern for pattern in find_patterns(presence) if pattern]
    return sorted({*planned, *seen}, key=lambda found: (-len(found), found))


def nearest_pattern(present: Pattern, known: Collection[Pattern]) -> Pattern | None:
    """Find the model to ask: of exactly what is present, or of most of it.

    Examples
    --------
    >>> nearest_pattern((0, 2), [(0, 1, 2), (0,), (2,)])
    (0,)
    """
    if present in known:
        return present
    within = [pattern for pattern in known if set(pattern) <= set(present)]
    return max(
        within, key=lambda found: (len(found), [-i for i in found]), default=None
    )
