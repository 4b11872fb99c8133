"""From leads to a way: which case, and which layers it learns from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from hybridml.transfer.advice.leads import Leads
from hybridml.transfer.advice.prior import Prior

POINT = 0.01

Way = Literal["outputs", "ensemble", "early", "last2", "all"]
CASES: dict[Way, int] = {
    "outputs": 0,
    "ensemble": 1,
    "early": 1,
    "last2": 2,
    "all": 3,
}


@dataclass(frozen=True)
class Limits:
    """The number that `choose` rests on.

    Attributes
    ----------
    errors : float
        Standard errors from which a lead counts.
    """

    errors: float = 1.0


_LIMITS = Limits()


def choose(
    leads: Leads, prior: Prior, *, is_similar: bool, limits: Limits = _LIMITS
) -> Way:
    """Choose by what was measured, where it is clear, and else by size and similarity.

    - "outputs" (case 0) where it leads all of case 1 by more than its error and a
      point.
    - "all" (case 3) from 1,000 images a class, unless earlier layers lead the last one
      by more than their error: then what is asked for is lost on the way to the end,
      where training begins.
    - Else "ensemble" (case 1): which layer is best cannot be told from so few images,
      so that each has its say. Training, which begins at the last one, was better by
      more than a point in 2 of the 49 questions of benchmarks/advisor, of which all had
      fewer images.
    - Several labels an image, for which there is no ensemble, are left to a search of
      the cut layer ("early"), or where the last one serves as well as any, to "last2"
      (case 2), which keeps the probe that it begins with where nothing is gained.

    Parameters
    ----------
    leads : Leads
    prior : Prior
    is_similar : bool
        The images, to ImageNet's.
    limits : Limits
    """
    if leads.outputs > max(limits.errors * leads.outputs_error, POINT):
        return "outputs"
    is_early = leads.early > limits.errors * leads.early_error
    if prior.size == "large" and not is_early:
        return "all"
    if not math.isnan(leads.joined):
        return "ensemble"
    return "early" if is_early or not is_similar else "last2"
