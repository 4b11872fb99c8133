"""How far training images are varied, by name; no torch is needed to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hybridml._checks import (
    Problems,
    check_name,
    describe,
    is_number,
    is_span,
    list_names,
)

_PROBABILITIES = ("flip", "vertical_flip", "erase")
_HIGHEST = {
    "shift": 1.0,
    "rotation_deg": 180.0,
    "shear_deg": 60.0,
    "distortion": 0.125,  # above it, images fold over themselves
    "brightness": 1.0,
    "contrast": 1.0,
    "colour_cast": 1.0,
    "noise": 255.0,
}


@dataclass(frozen=True)
class AugmentationPolicy:
    """How far training images may be varied; the defaults vary nothing.

    Amounts are drawn evenly within their limits, for each image anew.

    Attributes
    ----------
    shift : float
        Largest shift along either axis, as a fraction of the crop.
    scale : tuple of (float, float)
        Smallest and largest magnification.
    rotation_deg : float
        Largest rotation either way, in degrees.
    shear_deg : float
        Largest angle, in degrees, by which upright lines lean either way.
    flip, vertical_flip : float
        Probabilities of mirroring left and right, and of turning upside down.
    distortion : float
        Largest offset along either axis in a smooth random displacement, as a fraction
        of the crop; at most 0.125.
    brightness, contrast : float
        The factors lie within ``1 - value`` and ``1 + value``.
    colour_cast : float
        Likewise, with a factor for each channel.
    noise : float
        Largest standard deviation of Gaussian noise, for values from 0 to 255.
    erase : float
        Probability that a rectangle is erased.
    erased_area : tuple of (float, float)
        Smallest and largest area of the rectangle, as a fraction of the crop.

    Raises
    ------
    InvalidParameterError
        Naming every value that is out of its range.

    Examples
    --------
    >>> AugmentationPolicy(rotation_deg=10.0, flip=0.5).in_words()
    'rotation ±10°, flip in 50 %'
    """

    shift: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    rotation_deg: float = 0.0
    shear_deg: float = 0.0
    flip: float = 0.0
    vertical_flip: float = 0.0
    distortion: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    colour_cast: float = 0.0
    noise: float = 0.0
    erase: float = 0.0
    erased_area: tuple[float, float] = (0.02, 0.33)

    def __post_init__(self) -> None:
        problems = Problems("AugmentationPolicy")
        for name, high in (_HIGHEST | dict.fromkeys(_PROBABILITIES, 1.0)).items():
            value, expected = getattr(self, name), f"a number from 0 to {high:g}"
            problems.expect(is_number(value, high=high), name, value, expected)
        for name, low, high in (("scale", 0.1, 10.0), ("erased_area", 0.0, 1.0)):
            value = getattr(self, name)
            expected = f"(smallest, largest), both from {low:g} to {high:g}"
            problems.expect(is_span(value, low=low, high=high), name, value, expected)
        problems.raise_all()

    @property
    def moves_pixels(self) -> bool:
        """Whether anything but the values of pixels is varied."""
        limits = (self.shift, self.rotation_deg, self.shear_deg, self.distortion)
        is_mirrored = self.flip or self.vertical_flip
        return any(limits) or bool(is_mirrored) or tuple(self.scale) != (1, 1)

    def in_words(self) -> str:
        """List what is varied, and how far."""
        low, high = self.scale
        words = {
            f"shift ±{100 * self.shift:.3g} % of the side": self.shift,
            f"scale {low:.3g} to {high:.3g}": (low, high) != (1, 1),
            f"rotation ±{self.rotation_deg:.3g}°": self.rotation_deg,
            f"shear ±{self.shear_deg:.3g}°": self.shear_deg,
            f"flip in {100 * self.flip:.3g} %": self.flip,
            f"vertical flip in {100 * self.vertical_flip:.3g} %": self.vertical_flip,
            f"distortion ±{100 * self.distortion:.3g} % of the side": self.distortion,
            f"brightness ±{100 * self.brightness:.3g} %": self.brightness,
            f"contrast ±{100 * self.contrast:.3g} %": self.contrast,
            f"colour cast ±{100 * self.colour_cast:.3g} %": self.colour_cast,
            f"noise up to {self.noise:.3g} of 255": self.noise,
            f"a rectangle erased in {100 * self.erase:.3g} %": self.erase,
        }
        varied = [what for what, is_varied in words.items() if is_varied]
        return ", ".join(varied) or "nothing"


_LIGHT = AugmentationPolicy(shift=0.08, scale=(0.9, 1.1))
_STANDARD = AugmentationPolicy(
    shift=0.08, scale=(0.9, 1.1), flip=0.5, brightness=0.2, contrast=0.2
)
_STRONG = AugmentationPolicy(
    shift=0.08,
    scale=(0.75, 1.25),
    rotation_deg=15.0,
    shear_deg=10.0,
    flip=0.5,
    distortion=0.06,
    brightness=0.2,
    contrast=0.2,
    colour_cast=0.1,
    noise=10.0,
    erase=0.5,
)
POLICIES: dict[str, AugmentationPolicy] = {
    "none": AugmentationPolicy(),
    "light": _LIGHT,
    "standard": _STANDARD,
    "strong": _STRONG,
}

Augmentation = str | AugmentationPolicy | Callable[[Any], Any]

EXPECTED_AUGMENTATION = (
    f"{', '.join(map(repr, POLICIES))}, an AugmentationPolicy or a transform of images"
)


def is_augmentation(value: object) -> bool:
    """Whether `value` names a policy, is one, or is a transform of images."""
    if isinstance(value, str):
        return value in POLICIES
    # A class, such as v2.RandomRotation itself, makes a transform when it is called.
    is_callable = callable(value) and not isinstance(value, type)
    return is_callable or isinstance(value, AugmentationPolicy)


def check_augmentation(value: object, name: str = "augmentation") -> None:
    """Refuse what is no augmentation; torch is not needed for it.

    Parameters
    ----------
    value : object
        A name, an `AugmentationPolicy` or any callable that takes a uint8 batch of
        images, such as an instance of one of torchvision's v2 transforms.
    name : str, default="augmentation"
        What the parameter is called.

    Raises
    ------
    UnknownNameError
        If it is a name that is not in `POLICIES`; the nearest is suggested.
    TypeError
        If it is of none of these kinds.

    Examples
    --------
    >>> check_augmentation("strng")
    Traceback (most recent call last):
    ...
    hybridml.exceptions.UnknownNameError: Got augmentation='strng'; ... 'strong'?
    """
    if isinstance(value, str):
        check_name(name, value, POLICIES, expected=list_names(POLICIES))
    elif not is_augmentation(value):
        cure = ""
        if isinstance(value, type):
            cure = f"Pass an instance: {value.__name__}(...)."
        raise TypeError(describe(name, value, EXPECTED_AUGMENTATION, cure))
