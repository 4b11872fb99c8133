"""What size and similarity alone suggest: the two tables of a course on transfer."""

from __future__ import annotations

from dataclasses import dataclass

MEDIUM, LARGE = 100, 1000  # images a class, from which a data set is called so


@dataclass(frozen=True)
class Prior:
    """A case by size and similarity alone.

    Attributes
    ----------
    case : {1, 2, 3}
    is_early : bool
        Whether earlier layers are to be cut at, rather than the last one.
    size : {"small", "medium", "large"}
    reason : str
    """

    case: int
    is_early: bool
    size: str
    reason: str


def prior_of(n_per_class: float, is_similar: bool) -> Prior:
    """Look a case up by size and similarity.

    ======== ========================= ==================================
    size     similar to ImageNet       dissimilar
    ======== ========================= ==================================
    small    1, the last layer         1, earlier layers
    medium   2                         1, earlier layers
    large    3                         3
    ======== ========================= ==================================

    Parameters
    ----------
    n_per_class : float
        Images of a typical class; small is below 100, large is from 1000.
    is_similar : bool

    References
    ----------
    A. Karpathy et al., "Transfer Learning", notes of the course CS231n, Stanford (when
    and how to fine-tune), for the corners of the table; the row in the middle and the
    numbers are a common reading of it.

    Examples
    --------
    >>> prior_of(20, is_similar=False).is_early
    True
    """
    size = _size(n_per_class)
    early = not is_similar and size != "large"
    case = {"small": 1, "medium": 2, "large": 3}[size] if is_similar else 1
    if size == "large":
        case = 3
    kind = "similar to" if is_similar else "unlike"
    where = ", cut at an earlier layer" if early else ""
    reason = (
        f"By size and similarity alone: {size} ({n_per_class:,.0f} images a class), "
        f"{kind} ImageNet; that suggests case {case}{where}."
    )
    return Prior(case, early, size, reason)


def _size(n_per_class: float) -> str:
    if n_per_class < MEDIUM:
        return "small"
    return "medium" if n_per_class < LARGE else "large"
