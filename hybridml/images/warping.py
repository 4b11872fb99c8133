"""Where each pixel of a varied image comes from: an affine map and a distortion."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from hybridml.images.policies import AugmentationPolicy

N_AFFINE_DRAWS = 7
N_NODES = 6  # of the distortion, along each axis
_STEPS = 8  # from node to node, where the distortion is smoothed


def draw_affine(drawn: Tensor, policy: AugmentationPolicy, crop: int) -> Tensor:
    """Turn random numbers into warps: from output to input pixels about the centre.

    Parameters
    ----------
    drawn : Tensor of shape (n, 7), float
        Uniform in [0, 1): shift along x and y, magnification, rotation, shear, flip
        and vertical flip.
    policy : AugmentationPolicy
        Its limits.
    crop : int
        Side of the output, in pixels; shifts are fractions of it.

    Returns
    -------
    affine : Tensor of shape (n, 2, 3), float64
        Matrix and shift in pixels, both about the centre of the crop.
    """
    # Rounded to float32 in the end, these do not depend on the length of the vectors.
    drawn = drawn.double()
    signed = 2 * drawn - 1
    shift = signed[:, :2] * policy.shift * crop
    low, high = policy.scale
    scale = low + drawn[:, 2] * (high - low)
    angle = torch.deg2rad(signed[:, 3] * policy.rotation_deg)
    lean = torch.deg2rad(signed[:, 4] * policy.shear_deg).tan()
    mirrored = 1 - 2 * (drawn[:, 5] < policy.flip).double()
    upturned = 1 - 2 * (drawn[:, 6] < policy.vertical_flip).double()
    cos, sin = angle.cos() / scale, angle.sin() / scale
    along_x = torch.stack([cos, sin], dim=1)
    along_y = torch.stack([lean * cos - sin, lean * sin + cos], dim=1)
    columns = [mirrored[:, None] * along_x, upturned[:, None] * along_y, shift]
    return torch.stack(columns, dim=2)


def draw_distortion(drawn: Tensor, policy: AugmentationPolicy, crop: int) -> Tensor:
    """Turn random numbers into smooth displacements.

    Offsets at the nodes of a coarse grid are joined linearly and averaged over the
    distance between two nodes; so none is larger than those it was made from.

    Parameters
    ----------
    drawn : Tensor of shape (n, 72), float
        Uniform in [0, 1): offsets of the nodes along x, then along y.
    policy : AugmentationPolicy
        Its limits.
    crop : int
        Side of the output, in pixels; offsets are fractions of it.

    Returns
    -------
    offsets : Tensor of shape (n, 2, 33, 33), float32
        In pixels, along x and y, at evenly spaced points from corner to corner.

    References
    ----------
    P. Y. Simard, D. Steinkraus, J. C. Platt (2003). Best Practices for Convolutional
    Neural Networks Applied to Visual Document Analysis. ICDAR, section 2 (smoothed
    random displacement fields).
    """
    nodes = ((2 * drawn - 1) * (policy.distortion * crop)).float()
    nodes = nodes.reshape(-1, 2, N_NODES, N_NODES)
    if not len(nodes):
        return nodes.new_empty(0, 2, 1, 1)
    joined = _enlarge(nodes, (N_NODES - 1) * _STEPS + 1)
    return F.avg_pool2d(joined, _STEPS + 1, stride=1)


def warp(
    images: Tensor, affine: Tensor, crop: int, offsets: Tensor | None = None
) -> Tensor:
    """Sample a square from each image, bilinear; beyond the edges it is mirrored.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        Values from 0 to 255, of any dtype.
    affine : Tensor of shape (n, 2, 3), float
        As `draw_affine` returns it; the identity gives the centre crop.
    crop : int
        Side of the square, in pixels.
    offsets : Tensor of shape (n, 2, k, k), float32, or None
        Displacement in pixels of the input, as `draw_distortion` returns it.

    Returns
    -------
    warped : Tensor of shape (n, channels, crop, crop), float32
        May exceed the range of the values by a rounding error.
    """
    if 0 in images.shape[:2]:
        return images.new_empty((*images.shape[:2], crop, crop), dtype=torch.float32)
    height, width = images.shape[2:]
    sides = torch.tensor([width, height], dtype=torch.float64)
    grid = _make_grid(affine.double(), sides, crop, images.device)
    if offsets is not None:
        halves = (sides / 2).to(images.device, torch.float32)
        grid += _enlarge(offsets.to(images.device) / halves[:, None, None], crop)
    return F.grid_sample(
        images.float(),
        grid.permute(0, 2, 3, 1),
        mode="bilinear",
        padding_mode="reflection",
        align_corners=False,
    )


def crop_centre(images: Tensor, crop: int) -> Tensor:
    """Cut a square from the centre of each image; nothing is copied."""
    top, left = (_crop_start(side, crop) for side in images.shape[2:])
    return images[:, :, top : top + crop, left : left + crop]


def _make_grid(
    affine: Tensor, sides: Tensor, crop: int, device: torch.device
) -> Tensor:
    """Say where each output pixel comes from, counted from -1 to 1 across each side."""
    starts = torch.tensor([_crop_start(int(side), crop) for side in sides])
    centre = 2 * starts + crop - sides  # twice its offset, in pixels
    places = torch.arange(crop) + 0.5 - crop / 2
    along_x = 2 * affine[:, :, :1] * places
    along_y = 2 * (affine[:, :, 1:2] * places + affine[:, :, 2:]) + centre[:, None]
    across, down = (
        (part / sides[:, None]).to(device, torch.float32) for part in (along_x, along_y)
    )
    # Coordinates first: two planes are added twice as fast as pairs of numbers.
    return across[:, :, None, :] + down[:, :, :, None]


def _enlarge(maps: Tensor, side: int) -> Tensor:
    return F.interpolate(maps, size=(side, side), mode="bilinear", align_corners=True)


def _crop_start(side: int, crop: int) -> int:
    return round((side - crop) / 2)
