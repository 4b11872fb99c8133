"""From evidence to a case: where to cut, and whether training the network pays."""

from __future__ import annotations

from dataclasses import dataclass

from hybridml.transfer.advice.prior import Prior
from hybridml.transfer.advice.probes import Probed, Probes

POINT = 0.01
# Training a network pays where there is much to gain and much to learn it from.
MUCH_TO_GAIN = 0.2
ENOUGH_IMAGES = 500
_FEW_IMAGES = 100


@dataclass(frozen=True)
class Decision:
    """A case and a cut.

    Attributes
    ----------
    case : int
    probed : Probed
        The evidence that its expected score is from.
    sureness : {"high", "medium", "low"}
    reasons : tuple of str
    """

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

    The cut is the last layer, unless an earlier one is better, or all of them together:
    for images similar to ImageNet by more than a point, for others by anything. Case 0
    is chosen where it is better than that by more than a standard error. The network is
    trained (case 3) where the best probe leaves a fifth of the score to gain, there are
    500 images or more, and the best layer lies in the later half: what early layers
    tell is lost on the way to the end, where training begins. With 1,000 images a class
    or more it is trained anyway, as the prior has it.

    Parameters
    ----------
    probes : Probes
    prior : Prior
    n_images : int
    is_similar : bool
    """
    chosen, of_cut = _choose_cut(probes, is_similar)
    late = probes.is_late(chosen)
    room = 1 - chosen.mean
    reasons = [of_cut]
    if probes.outputs is not None:
        ahead = probes.ahead(probes.outputs, chosen)
        if ahead.mean > max(ahead.standard_error, POINT):
            reason = (
                f"The network's own outputs, mapped to the classes, do better than any "
                f"probe: by {ahead.mean:.3f} ± {ahead.standard_error:.3f}."
            )
            return Decision(0, probes.outputs, "low", (reason, prior.reason))
    is_large = prior.size == "large"
    if late and n_images >= ENOUGH_IMAGES and (room > MUCH_TO_GAIN or is_large):
        why = "there are many images"
        if room > MUCH_TO_GAIN:
            why = f"leaves {room:.2f} to gain"
        reasons.insert(
            0,
            f"The best probe, at {chosen.cut_layer}, scores {chosen.mean:.3f} and "
            f"{why}; {n_images:,} images are enough to train the whole network on.",
        )
        return Decision(3, chosen, "medium", (*reasons, prior.reason))
    reasons.append(_why_not_trained(room, n_images, late))
    sureness = _sureness(n_images, room, chosen, probes)
    return Decision(1, chosen, sureness, (*reasons, prior.reason))


def _choose_cut(probes: Probes, is_similar: bool) -> tuple[Probed, str]:
    last, best = probes.last, probes.best
    if best is last:
        return last, f"No layer does better than the last one ({last.mean:.3f})."
    ahead = probes.ahead(best, last)
    margin = f"{ahead.mean:.3f} ± {ahead.standard_error:.3f}"
    if ahead.mean > (POINT if is_similar else 0.0):
        return best, (
            f"Features of {best.cut_layer} do better than those of the last layer, by "
            f"{margin} ({best.mean:.3f} against {last.mean:.3f})."
        )
    return last, (
        f"No layer is better than the last one ({last.mean:.3f}) by more than a point: "
        f"{best.cut_layer} is ahead by {margin}."
    )


def _why_not_trained(room: float, n_images: int, late: bool) -> str:
    if room <= MUCH_TO_GAIN:
        return (
            f"The probe leaves {room:.2f} to gain: training the network brings little."
        )
    if n_images < ENOUGH_IMAGES:
        return (
            f"{n_images:,} images are few to train a network on: it gains nothing on a "
            f"probe below about {ENOUGH_IMAGES}, as a rule."
        )
    assert not late
    return (
        "Early layers tell most here; training, which begins at the last one, tends to "
        "fall behind them."
    )


def _sureness(n_images: int, room: float, chosen: Probed, probes: Probes) -> str:
    """Say how sure it is that nothing else is better by more than a point."""
    if n_images < _FEW_IMAGES:
        return "low"
    leads = [probes.ahead(chosen, way) for way in probes.ways if way is not chosen]
    is_clear = all(lead.mean > lead.standard_error for lead in leads)
    if room <= MUCH_TO_GAIN / 4 or (is_clear and room <= MUCH_TO_GAIN):
        return "high"
    return "medium"
