"""From leads to a way: which case, and whether an earlier layer is cut at."""

from __future__ import annotations

import math
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
        Below, fine-tuning has no more than three images to judge its epochs by.
    """

    errors: float = 1.0
    few_images: int = 30


_LIMITS = Limits()


def choose(
    leads: Leads,
    prior: Prior,
    *,
    n_images: int,
    is_similar: bool,
    limits: Limits = _LIMITS,
) -> Way:
    """Choose by what was measured, where it is clear, and else by size and similarity.

    - "outputs" (case 0) where it leads all of case 1 by more than its error and a
      point.
    - Where earlier layers lead the last one by more than the error, what is asked for
      is lost on the way to the end, where training begins: case 1 with the features of
      "all layers", or a search of the layer ("early") where the best one leads these
      by more than its error. The same for images unlike ImageNet, unless there are
      1,000 of a class.
    - Where the last layer serves as well as any: of fewer than 30 images, "all layers",
      since there are none to spare for judging a training; else "last2" (case 2), or
      "all" (case 3) from 1,000 images a class. Both begin with the probe of the last
      layer, and keep it where they gain nothing.

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
    is_large = prior.size == "large"
    is_early = leads.early > limits.errors * leads.early_error
    if is_early or not (is_similar or is_large):
        is_joined = leads.joined >= -limits.errors * leads.joined_error
        return "all layers" if is_joined else "early"
    if n_images < limits.few_images:
        return "last" if math.isnan(leads.joined) else "all layers"
    return "all" if is_large else "last2"
