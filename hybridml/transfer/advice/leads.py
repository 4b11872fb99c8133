"""Who leads whom among the probes, and how sure that is: what the decision looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hybridml.transfer.advice.probes import Probes


@dataclass(frozen=True)
class Leads:
    """Differences of scores, each with its standard error over the folds.

    Attributes
    ----------
    early, early_error : float
        Of a searched cut layer, its luck left out, over the last layer.
    joined, joined_error : float
        Of all the layers together over the best single one; NaN where they cannot be
        joined.
    outputs, outputs_error : float
        Of case 0 over the best that case 1 has; NaN where there is no case 0.
    """

    early: float
    early_error: float
    joined: float = math.nan
    joined_error: float = math.nan
    outputs: float = math.nan
    outputs_error: float = math.nan


def leads_of(probes: Probes) -> Leads:
    """Compare the probes in pairs."""
    early = probes.ahead(probes.searched, probes.last)
    found = {"early": early.mean, "early_error": early.standard_error}
    for name, ours, theirs in (
        ("joined", probes.joined, probes.best_layer),
        ("outputs", probes.outputs, probes.best),
    ):
        if ours is not None:
            lead = probes.ahead(ours, theirs)
            found |= {name: lead.mean, f"{name}_error": lead.standard_error}
    return Leads(**found)
