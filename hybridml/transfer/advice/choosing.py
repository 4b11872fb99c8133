"""From leads to a way: which case, and whether an earlier layer is cut at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hybridml.transfer.advice.leads import Leads
from hybridml.transfer.advice.prior import Prior

POINT = 0.01

Way = Literal["outputs", "early", "all layers", "last", "last2", "all"]
CASES: dict[Way, int] = {
    "outputs": 0,
    "early": 1,
    "all layers": 1,
    "last": 1,
    "last2": 2,
    "all": 3,
}


@dataclass(frozen=True)
class Limits:
    """The numbers that `choose` rests on.

    Attributes
    ----------
    errors : float
        Standard errors from which a lead counts.
    few_images : int
        Below, folds of ten images or fewer can hardly tell two ways apart.
    """

    errors: float = 1.0
    few_images: int = 30


def choose(
    leads: Leads,
    prior: Prior,
    *,
    n_images: int,
    is_similar: bool,
    limits: Limits = Limits(),
) -> Way:
    """Choose by what was measured, where it is clear, and else by size and similarity.

    - "outputs" (case 0) where it leads all of case 1 by more than its error and a
      point.
    - Where earlier layers lead the last one, what is asked for is lost on the way to
      the end, and training begins at the end: case 1 with a search of the layer
      ("early"), or "all layers" where these together lead the best one. The same for
      images unlike ImageNet, unless there are 1,000 of a class.
    - Where nothing leads, the images are similar and there are few, "all layers": it
      is seldom much worse than the best, whichever that is.
    - Else the table's case: "last" (1), "last2" (2) or "all" (3), which all begin with
      the last layer's features.

    Parameters
    ----------
    leads : Leads
    prior : Prior
    n_images : int
    is_similar : bool
        The images, to ImageNet's.
    limits : Limits
    """
    if leads.outputs > max(limits.errors * leads.outputs_error, POINT):
        return "outputs"
    is_early = leads.early > limits.errors * leads.early_error
    if is_early or not (is_similar or prior.size == "large"):
        is_joined = leads.joined > limits.errors * leads.joined_error
        return "all layers" if is_joined else "early"
    if n_images < limits.few_images and leads.joined == leads.joined:
        return "all layers"
    ways: dict[int, Way] = {1: "last", 2: "last2", 3: "all"}
    return ways[prior.case]
