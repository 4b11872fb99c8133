"""From evidence to a case, with the reasons in words."""

from __future__ import annotations

from dataclasses import dataclass

from hybridml.transfer.advice.choosing import CASES, Way, choose
from hybridml.transfer.advice.leads import Leads, leads_of
from hybridml.transfer.advice.prior import Prior
from hybridml.transfer.advice.probes import Probed, Probes

_FEW_IMAGES = 100
_LITTLE_TO_GAIN = 0.05


@dataclass(frozen=True)
class Decision:
    """A case and a cut.

    Attributes
    ----------
    way : str
        See `choose`.
    case : int
    probed : Probed
        The evidence that its expected score is from.
    sureness : {"high", "medium", "low"}
    reasons : tuple of str
    """

    way: Way
    case: int
    probed: Probed
    sureness: str
    reasons: tuple[str, ...]


def decide(
    probes: Probes,
    prior: Prior,
    *,
    n_images: int,
    is_similar: bool,
) -> Decision:
    """Choose a case by what was measured, where it is clear, and else by the prior.

    See `choose` for the rule.

    Parameters
    ----------
    probes : Probes
    prior : Prior
    n_images : int
    is_similar : bool
    """
    leads = leads_of(probes)
    way = choose(leads, prior, is_similar=is_similar)
    probed = _evidence_of(way, probes)
    said = (_of_layers(probes, leads), _of_way(way, probes, leads))
    reasons = (*reversed(said), prior.reason)
    sureness = _sureness(n_images, probed, probes)
    return Decision(way, CASES[way], probed, sureness, reasons)


def _evidence_of(way: Way, probes: Probes) -> Probed:
    """Find what a way is expected to score by.

    Training begins at the last layer; an ensemble is about as good as a search of the
    layer, or all of them side by side, or better.
    """
    if way == "ensemble":
        assert probes.joined is not None
        return max(probes.searched, probes.joined, key=lambda probed: probed.mean)
    found = {"outputs": probes.outputs, "early": probes.best_layer}.get(
        way, probes.last
    )
    assert found is not None
    return found


def _of_layers(probes: Probes, leads: Leads) -> str:
    last, best = probes.last, probes.best_layer
    if best is last:
        return f"No single layer does better than the last one ({last.mean:.3f})."
    return (
        f"The best single layer, {best.cut_layer}, scores {best.mean:.3f}, the last "
        f"one {last.mean:.3f}; without the luck of having been picked its lead is "
        f"{_lead(leads.early, leads.early_error)}."
    )


def _of_way(way: Way, probes: Probes, leads: Leads) -> str:
    if way == "outputs":
        ahead = _lead(leads.outputs, leads.outputs_error)
        return (
            "The network's own outputs, mapped to the classes, do better than any "
            f"probe: by {ahead}."
        )
    if way == "early":
        return (
            "Earlier layers tell what is asked for, so that the cut layer is searched; "
            "training, which begins at the last one, tends to fall behind."
        )
    if way == "ensemble":
        beside = _lead(leads.joined, leads.joined_error)
        return (
            "Each layer has its say, as much as it is right on images that it has not "
            "seen: a search would take the luckiest. All of them side by side are "
            f"{beside} ahead of the best single one."
        )
    return _of_late_layers(way, probes)


def _of_late_layers(way: Way, probes: Probes) -> str:
    begun = f"The last layer serves as well as any ({probes.last.mean:.3f})"
    what = "its last layers" if way == "last2" else "all of the network"
    return (
        f"{begun}; training {what} begins with this probe, and keeps it where nothing "
        "is gained."
    )


def _lead(mean: float, error: float) -> str:
    return f"{mean:.3f} ± {error:.3f}"


def _sureness(n_images: int, chosen: Probed, probes: Probes) -> str:
    """Say how sure it is that nothing else is better by more than a point."""
    if n_images < _FEW_IMAGES:
        return "low"
    leads = [probes.ahead(chosen, way) for way in probes.ways if way is not chosen]
    is_clear = all(lead.mean > lead.standard_error for lead in leads)
    if is_clear or 1 - chosen.mean <= _LITTLE_TO_GAIN:
        return "high"
    return "medium"
