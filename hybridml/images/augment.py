"""How training images are varied: by a policy, or by a transform of the user's."""

from __future__ import annotations

import torch
from torch import Tensor

from hybridml._checks import describe
from hybridml.images import pixel_values, warping
from hybridml.images.own_transforms import apply_transform
from hybridml.images.policies import (
    POLICIES,
    Augmentation,
    AugmentationPolicy,
    check_augmentation,
)
from hybridml.images.views import check_crop

__all__ = ["POLICIES", "AugmentationPolicy", "augment_batch", "draw_numbers"]

_NOTHING = AugmentationPolicy()
# What the random numbers of an image are for, and how many each takes.
_DRAWS = {
    "affine": warping.N_AFFINE_DRAWS,
    "light": pixel_values.N_LIGHT_DRAWS,
    "cast": pixel_values.N_CAST_DRAWS,
    "noise": pixel_values.N_NOISE_DRAWS,
    "erasing": pixel_values.N_ERASING_DRAWS,
    "seed": 1,
    "nodes": 2 * warping.N_NODES**2,
}
_N_DRAWS = sum(_DRAWS.values())


@torch.no_grad()
def augment_batch(
    images: Tensor,
    *,
    policy: Augmentation,
    crop: int,
    generator: torch.Generator | None = None,
    drawn: Tensor | None = None,
) -> Tensor:
    """Vary each image of a batch at random and cut it to the network's size.

    What becomes of an image depends on its own random numbers only: not on the batch
    that it is in, and not on the device, but for rounding.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width), uint8
        On any device, with any number of channels.
    policy : {"none", "light", "standard", "strong"}, AugmentationPolicy or callable
        A row of `POLICIES`, where "none" is the plain centre crop and draws nothing; or
        limits of your own; or a transform of uint8 batches, such as those of
        ``torchvision.transforms.v2``. It is given one image at a time, so that each is
        varied in its own way, after torch's global generators have been seeded for it;
        they are put back in the end. The crop is the centre of what it returns.
    crop : int
        Side of the square returned, in pixels; at most height and width.
    generator : torch.Generator or None, default=None
        On the CPU, so that every device gets the same random numbers.
    drawn : Tensor of shape (n, k), float32, or None, default=None
        Instead of a generator, rows of what `draw_numbers` returned.

    Returns
    -------
    varied : Tensor of shape (n, channels, crop, crop), float32
        Values from 0 to 255, on the device of `images`.

    Raises
    ------
    UnknownNameError
        If there is no policy of that name.
    TypeError
        If `policy` is of another kind, or returns something else than a uint8 batch.
    ValueError
        If the other parameters, or what `policy` returns, are not as above.

    Examples
    --------
    >>> images = torch.zeros(2, 3, 40, 50, dtype=torch.uint8)
    >>> generator = torch.Generator().manual_seed(0)
    >>> augment_batch(images, policy="light", crop=32, generator=generator).shape
    torch.Size([2, 3, 32, 32])

    The same for one image after another:

    >>> rows = draw_numbers(2, "light", generator)
    >>> for image, row in zip(images.split(1), rows.split(1)):
    ...     varied = augment_batch(image, policy="light", crop=32, drawn=row)
    """
    check_augmentation(policy, "policy")
    _check_images(images)
    check_crop(images, crop)
    chosen = POLICIES[policy] if isinstance(policy, str) else policy
    if chosen == _NOTHING:
        return warping.crop_centre(images, crop).float()
    drawn = _check_drawn(drawn, generator, chosen, len(images))
    numbers = dict(zip(_DRAWS, drawn.split([*_DRAWS.values()], dim=1), strict=True))
    if isinstance(chosen, AugmentationPolicy):
        return _vary(images, chosen, crop, numbers)
    return apply_transform(images, chosen, numbers["seed"], crop)


def draw_numbers(
    n_images: int, policy: Augmentation, generator: torch.Generator
) -> Tensor:
    """Draw the random numbers that `augment_batch` takes.

    Parameters
    ----------
    n_images : int
    policy : name, AugmentationPolicy or callable
        As for `augment_batch`.
    generator : torch.Generator
        On the CPU. Every image takes the same number of draws, or none where the policy
        varies nothing.

    Returns
    -------
    drawn : Tensor of shape (n_images, k), float32
        One row an image.

    Raises
    ------
    UnknownNameError, TypeError, ValueError
        If the policy or the generator is not as above.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> len(draw_numbers(5, "strong", generator))
    5
    """
    check_augmentation(policy, "policy")
    if generator.device.type != "cpu":
        device = str(generator.device)
        raise ValueError(describe("generator.device", device, "'cpu'"))
    chosen = POLICIES[policy] if isinstance(policy, str) else policy
    n_draws = 0 if chosen == _NOTHING else _N_DRAWS
    return torch.rand(n_images, n_draws, generator=generator)


def _vary(
    images: Tensor, policy: AugmentationPolicy, crop: int, drawn: dict[str, Tensor]
) -> Tensor:
    if policy.moves_pixels:
        affine = warping.draw_affine(drawn["affine"], policy, crop)
        offsets = None
        if policy.distortion:
            offsets = warping.draw_distortion(drawn["nodes"], policy, crop)
        varied = warping.warp(images, affine, crop, offsets)
    else:
        varied = warping.crop_centre(images, crop).float().contiguous()
    pixel_values.change_light_(varied, drawn["light"], drawn["cast"], policy)
    pixel_values.add_noise_(varied, drawn["noise"], policy)
    pixel_values.erase_(varied, drawn["erasing"], policy)
    return varied.clamp_(0, 255)  # the weights of a pixel may add up to 1.0000001


def _check_images(images: Tensor) -> None:
    if images.ndim != 4 or images.dtype != torch.uint8:
        raise ValueError(
            f"Got images of shape {tuple(images.shape)} and dtype {images.dtype}; "
            "expected (n, channels, height, width), torch.uint8."
        )


def _check_drawn(
    drawn: Tensor | None,
    generator: torch.Generator | None,
    policy: Augmentation,
    n_images: int,
) -> Tensor:
    if generator is not None and drawn is None:
        return draw_numbers(n_images, policy, generator)
    if drawn is None or generator is not None:
        which = "neither" if drawn is None else "both"
        raise ValueError(f"Got {which} of generator and drawn; expected one of them.")
    if drawn.shape != (n_images, _N_DRAWS) or drawn.device.type != "cpu":
        raise ValueError(
            f"Got drawn of shape {tuple(drawn.shape)} on {drawn.device}; expected "
            f"({n_images}, {_N_DRAWS}) on cpu: a row of draw_numbers(...) an image."
        )
    return drawn
