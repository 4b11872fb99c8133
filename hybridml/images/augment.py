"""How training images are varied: one batched affine warp, light and erasing."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from hybridml._checks import check_name, describe, is_count, list_names
from hybridml.images.policies import POLICIES, AugmentationPolicy

__all__ = ["POLICIES", "AugmentationPolicy", "augment_batch"]

_N_DRAWS = 12  # random numbers per image, whatever the policy
_ERASED_RATIO = (0.3, 1 / 0.3)


@torch.no_grad()
def augment_batch(
    images: Tensor,
    *,
    policy: str,
    crop: int,
    generator: torch.Generator | None = None,
    drawn: Tensor | None = None,
) -> Tensor:
    """Vary each image of a batch at random and cut it to the network's size.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width), uint8
        On any device.
    policy : {"none", "light", "standard", "strong"}
        A row of `POLICIES`. "none" is the plain centre crop and draws nothing.
    crop : int
        Side of the square returned, in pixels; at most height and width.
    generator : torch.Generator
        On the CPU, so that every device gets the same random numbers. Each image takes
        the same number of them, so the batch size does not matter.

    Returns
    -------
    varied : Tensor of shape (n, channels, crop, crop), float32
        Values from 0 to 255, on the device of `images`.

    Raises
    ------
    UnknownNameError
        If there is no such policy.
    ValueError
        If `images`, `crop` or `generator` are not as above.

    References
    ----------
    Z. Zhong, L. Zheng, G. Kang, S. Li, Y. Yang (2020). Random Erasing Data
    Augmentation. AAAI, section 3 (area and aspect ratio of the rectangle).

    Examples
    --------
    >>> images = torch.zeros(2, 3, 40, 50, dtype=torch.uint8)
    >>> generator = torch.Generator().manual_seed(0)
    >>> augment_batch(images, policy="light", crop=32, generator=generator).shape
    torch.Size([2, 3, 32, 32])
    """
    check_name("policy", policy, POLICIES, expected=list_names(POLICIES))
    if generator is not None:
        _check(images, crop, generator)
    if policy == "none":
        top, left = (_crop_start(side, crop) for side in images.shape[2:])
        return images[:, :, top : top + crop, left : left + crop].float()
    chosen = POLICIES[policy]
    if drawn is None:
        drawn = torch.rand(len(images), _N_DRAWS, generator=generator)
    varied = warp(images, draw_affine(drawn[:, :5], chosen, crop), crop)
    varied = _change_light(varied, drawn[:, 5:7].to(images.device), chosen)
    return _erase(varied, drawn[:, 7:].to(images.device), chosen)


def draw_numbers(n_images: int, policy: str, generator: torch.Generator) -> Tensor:
    return torch.rand(n_images, _N_DRAWS, generator=generator)


def draw_affine(drawn: Tensor, policy: AugmentationPolicy, crop: int) -> Tensor:
    """Turn random numbers into warps: from output to input pixels about the centre.

    Parameters
    ----------
    drawn : Tensor of shape (n, 5), float32
        Uniform in [0, 1): shift along x and y, magnification, rotation, flip.
    policy : AugmentationPolicy
        Its limits.
    crop : int
        Side of the output, in pixels; shifts are fractions of it.

    Returns
    -------
    affine : Tensor of shape (n, 2, 3), float32
        Matrix and shift in pixels, both about the centre of the crop.
    """
    shift = (2 * drawn[:, :2] - 1) * policy.shift * crop
    low, high = policy.scale
    scale = low + drawn[:, 2] * (high - low)
    angle = torch.deg2rad((2 * drawn[:, 3] - 1) * policy.rotation_deg)
    flip = 1 - 2 * (drawn[:, 4] < policy.flip).float()
    cos, sin = angle.cos() / scale, angle.sin() / scale
    rows = [flip * cos, -sin, shift[:, 0], flip * sin, cos, shift[:, 1]]
    return torch.stack(rows, dim=1).reshape(-1, 2, 3)


def warp(images: Tensor, affine: Tensor, crop: int) -> Tensor:
    """Sample a square from each image, bilinear; beyond the edges it is mirrored.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        Values from 0 to 255, of any dtype.
    affine : Tensor of shape (n, 2, 3), float32
        As `draw_affine` returns it; the identity gives the centre crop.
    crop : int
        Side of the square, in pixels.
    """
    size = [len(images), images.shape[1], crop, crop]
    if 0 in size:
        return images.new_empty(size, dtype=torch.float32)
    # grid_sample counts from -1 to 1 across each side, of the output and the input.
    sides = torch.tensor([images.shape[3], images.shape[2]], dtype=torch.float32)
    starts = [_crop_start(int(side), crop) for side in sides]
    centre = 2 * torch.tensor(starts) + crop - sides  # twice its offset, in pixels
    theta = torch.empty_like(affine)
    theta[:, :, :2] = affine[:, :, :2] * crop / sides[:, None]
    theta[:, :, 2] = (2 * affine[:, :, 2] + centre) / sides
    grid = F.affine_grid(theta.to(images.device), size, align_corners=False)
    warped = F.grid_sample(
        images.float(),
        grid,
        mode="bilinear",
        padding_mode="reflection",
        align_corners=False,
    )
    return warped.clamp_(0, 255)  # the weights of a pixel may add up to 1.0000001


def _change_light(images: Tensor, drawn: Tensor, policy: AugmentationPolicy) -> Tensor:
    if not (policy.brightness or policy.contrast):
        return images
    signed = (2 * drawn - 1)[:, :, None, None, None]
    brighter = (images * (1 + signed[:, 0] * policy.brightness)).clamp_(0, 255)
    mean = brighter.mean(dim=(1, 2, 3), keepdim=True)
    contrast = 1 + signed[:, 1] * policy.contrast
    return ((brighter - mean) * contrast + mean).clamp_(0, 255)


def _erase(images: Tensor, drawn: Tensor, policy: AugmentationPolicy) -> Tensor:
    """Fill a rectangle of some images with their mean colour."""
    if not policy.erase:
        return images
    crop = images.shape[-1]
    low, high = policy.erased_area
    area = low + drawn[:, 1] * (high - low)
    thin, wide = map(math.log, _ERASED_RATIO)
    ratio = (thin + drawn[:, 2] * (wide - thin)).exp()
    height = (area * ratio).sqrt().clamp(max=1) * crop
    width = (area / ratio).sqrt().clamp(max=1) * crop
    rows = _is_within(drawn[:, 3] * (crop - height), height, crop)
    columns = _is_within(drawn[:, 4] * (crop - width), width, crop)
    chosen = (drawn[:, 0] < policy.erase)[:, None, None, None]
    erased = chosen & rows[:, None, :, None] & columns[:, None, None, :]
    return torch.where(erased, images.mean(dim=(2, 3), keepdim=True), images)


def _is_within(start: Tensor, length: Tensor, crop: int) -> Tensor:
    centres = torch.arange(crop, device=start.device) + 0.5
    begin, end = start[:, None], (start + length)[:, None]
    return (centres >= begin) & (centres < end)


def _crop_start(side: int, crop: int) -> int:
    return round((side - crop) / 2)


def _check(images: Tensor, crop: int, generator: torch.Generator) -> None:
    if images.ndim != 4 or images.dtype != torch.uint8:
        raise ValueError(
            f"Got images of shape {tuple(images.shape)} and dtype {images.dtype}; "
            "expected (n, channels, height, width), torch.uint8."
        )
    height, width = images.shape[2:]
    if not is_count(crop) or crop > min(height, width):
        expected = f"an integer from 1 to {min(height, width)}, the shorter side"
        raise ValueError(describe("crop", crop, expected))
    if generator.device.type != "cpu":
        device = str(generator.device)
        raise ValueError(describe("generator.device", device, "'cpu'"))
