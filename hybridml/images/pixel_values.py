"""How the values of pixels are varied: light, colour cast, noise and erasing.

Everything works in place on batches of shape (n, channels, side, side), float32, with
values from 0 to 255, and gives an image the same values in whatever batch it comes.
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from hybridml.images.policies import AugmentationPolicy

N_LIGHT_DRAWS, N_CAST_DRAWS, N_NOISE_DRAWS, N_ERASING_DRAWS = 2, 3, 2, 5
_ERASED_RATIO = (0.3, 1 / 0.3)
_NOISE_SEED = 2003


def change_light_(
    images: Tensor, light: Tensor, cast: Tensor, policy: AugmentationPolicy
) -> Tensor:
    """Change brightness, the balance of the channels, and contrast about the mean.

    Parameters
    ----------
    images : Tensor of shape (n, channels, side, side), float32
    light : Tensor of shape (n, 2), float
        Uniform in [0, 1): brightness and contrast.
    cast : Tensor of shape (n, 3), float
        Uniform in [0, 1): three channels vary independently; of more, any two do.
    policy : AugmentationPolicy
        Its limits.

    Returns
    -------
    images : Tensor
        Itself.
    """
    if policy.brightness or policy.colour_cast:
        factors = 1 + (2 * light[:, :1].double() - 1) * policy.brightness
        factors = factors * (1 + _spread(cast, images.shape[1]) * policy.colour_cast)
        images.mul_(_to_planes(factors, images)).clamp_(0, 255)
    if policy.contrast:
        factors = 1 + (2 * light[:, 1:].double() - 1) * policy.contrast
        factors = _to_planes(factors, images)
        means = mean_colours(images).mean(dim=1, keepdim=True)
        images.mul_(factors).add_(means * (1 - factors)).clamp_(0, 255)
    return images


def add_noise_(images: Tensor, drawn: Tensor, policy: AugmentationPolicy) -> Tensor:
    """Add Gaussian noise, of another strength for each image.

    All noise is cut from one stretch of normal numbers, which is quick on every device.

    Parameters
    ----------
    images : Tensor of shape (n, channels, side, side), float32
    drawn : Tensor of shape (n, 2), float
        Uniform in [0, 1): the standard deviation, and where the noise begins.
    policy : AugmentationPolicy
        Its limit.

    Returns
    -------
    images : Tensor
        Itself.
    """
    n_values = math.prod(images.shape[1:])
    if not (policy.noise and len(images) and n_values):
        return images
    starts = (drawn[:, 1].double() * n_values).long().to(images.device)
    stretch = _normal_numbers(2 * n_values, images.device)
    noise = stretch.unfold(0, n_values, 1)[starts].reshape(images.shape)
    strength = _to_planes(drawn[:, :1].double() * policy.noise, images)
    return images.add_(noise.mul_(strength)).clamp_(0, 255)


def erase_(images: Tensor, drawn: Tensor, policy: AugmentationPolicy) -> Tensor:
    """Fill a rectangle of some images with their mean colour.

    Parameters
    ----------
    images : Tensor of shape (n, channels, side, side), float32
    drawn : Tensor of shape (n, 5), float
        Uniform in [0, 1): whether, area, ratio of the sides, place down and across.
    policy : AugmentationPolicy
        Its limits.

    Returns
    -------
    images : Tensor
        Itself.

    References
    ----------
    Z. Zhong, L. Zheng, G. Kang, S. Li, Y. Yang (2020). Random Erasing Data
    Augmentation. AAAI, section 3 (area and aspect ratio of the rectangle).
    """
    if not policy.erase:
        return images
    crop, drawn = images.shape[-1], drawn.double()
    low, high = policy.erased_area
    area = low + drawn[:, 1] * (high - low)
    thin, wide = map(math.log, _ERASED_RATIO)
    ratio = (thin + drawn[:, 2] * (wide - thin)).exp()
    height = (area * ratio).sqrt().clamp(max=1) * crop
    width = (area / ratio).sqrt().clamp(max=1) * crop
    rows = _is_within(drawn[:, 3] * (crop - height), height, crop)
    rows &= drawn[:, :1] < policy.erase
    columns = _is_within(drawn[:, 4] * (crop - width), width, crop)
    rows, columns = rows.to(images.device), columns.to(images.device)
    erased = rows[:, None, :, None] & columns[:, None, None, :]
    return torch.where(erased, mean_colours(images), images, out=images)


def mean_colours(images: Tensor) -> Tensor:
    """Average each channel of each image, the same in whatever batch it comes.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width), float32

    Returns
    -------
    means : Tensor of shape (n, channels, 1, 1), float32
    """
    # Sums of rows are rounded to whole numbers, whose sum does not depend on the order
    # that devices choose by the size of the batch.
    rows = (images.sum(dim=3) * 256).round_().long()
    n_pixels = max(1, images.shape[2] * images.shape[3])
    return (rows.sum(dim=2).float() / (256 * n_pixels))[:, :, None, None]


def _spread(drawn: Tensor, n_channels: int) -> Tensor:
    """Make numbers in [-1, 1) for any number of channels from three an image."""
    # Polynomials of the channel, modulo 1, with random coefficients are uniform; three
    # numbers determine three, so that as many channels are independent.
    channel = torch.arange(n_channels, dtype=torch.float64)
    powers = torch.stack([channel**0, channel, channel * (channel - 1) / 2])
    mixed = (drawn.double()[:, :, None] * powers).sum(dim=1)
    return 2 * (mixed % 1) - 1


def _to_planes(values: Tensor, images: Tensor) -> Tensor:
    return values.to(images.device, torch.float32)[:, :, None, None]


@functools.lru_cache(maxsize=2)
def _normal_numbers(size: int, device: torch.device) -> Tensor:
    generator = torch.Generator().manual_seed(_NOISE_SEED)
    return torch.randn(size, generator=generator).to(device)


def _is_within(start: Tensor, length: Tensor, crop: int) -> Tensor:
    centres = torch.arange(crop) + 0.5
    begin, end = start[:, None], (start + length)[:, None]
    return (centres >= begin) & (centres < end)
