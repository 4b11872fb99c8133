"""How far training images are varied, by name; no torch is needed to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AugmentationPolicy:
    """How far training images may be varied; the defaults vary nothing.

    Attributes
    ----------
    shift : float
        Largest shift along either axis, as a fraction of the crop.
    scale : tuple of (float, float)
        Smallest and largest magnification.
    rotation_deg : float
        Largest rotation either way, in degrees.
    flip : float
        Probability of a horizontal flip.
    brightness, contrast : float
        The factors lie within ``1 - value`` and ``1 + value``.
    erase : float
        Probability that a rectangle is erased.
    erased_area : tuple of (float, float)
        Smallest and largest area of the rectangle, as a fraction of the crop.
    """

    shift: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    rotation_deg: float = 0.0
    flip: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    erase: float = 0.0
    erased_area: tuple[float, float] = (0.02, 0.33)


_LIGHT = AugmentationPolicy(shift=0.08, scale=(0.9, 1.1))
_STANDARD = AugmentationPolicy(
    shift=0.08, scale=(0.9, 1.1), flip=0.5, brightness=0.2, contrast=0.2
)
_STRONG = AugmentationPolicy(
    shift=0.08,
    scale=(0.75, 1.25),
    rotation_deg=15.0,
    flip=0.5,
    brightness=0.2,
    contrast=0.2,
    erase=0.5,
)
POLICIES: dict[str, AugmentationPolicy] = {
    "none": AugmentationPolicy(),
    "light": _LIGHT,
    "standard": _STANDARD,
    "strong": _STRONG,
}
