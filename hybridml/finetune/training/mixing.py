"""Training images mixed with one another, and their targets alike."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError


def mix_batch(
    images: Tensor,
    targets: Tensor,
    weights: Tensor,
    *,
    mixup: float,
    cutmix: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Mix each image of a batch with another one of it, drawn at random.

    The share of the first is drawn from Beta(a, a), once a batch: an a of 0.2 leaves
    most images nearly whole, an a of 1 makes all shares as likely. Mixup takes the
    weighted mean of the two; cutmix puts a box of the second into the first.

    Parameters
    ----------
    images : Tensor of shape (n_images, ...), float
        Or their features or maps; not changed. Cutmix needs (n_images, n_channels,
        height, width).
    targets : Tensor of shape (n_images, n_targets), float
        One-hot classes, or values.
    weights : Tensor of shape (n_images,), float
        Weight of each image in the loss.
    mixup, cutmix : float
        The a of the distribution; 0 for none. Where both are above 0, either is drawn
        for each batch, with the same chance.
    generator : torch.Generator
        On the CPU.

    Returns
    -------
    images, targets, weights : Tensor
        As they were given, but mixed. A target counts by the weight of its image: the
        sums of ``weights`` and of ``weights * targets`` over the batch are unchanged.

    Raises
    ------
    InvalidParameterError
        If there is no height and width to cut a box from.

    References
    ----------
    H. Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    S. Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features", ICCV 2019.
    """
    if cutmix > 0 and images.ndim != 4:
        expected = f"0 for features of shape {tuple(images.shape)}, which are no maps"
        cure = "Mix them with mixup, or let more layers learn: trainable='last2'."
        raise InvalidParameterError(describe("cutmix", cutmix, expected, cure))
    if mixup <= 0 and cutmix <= 0:
        return images, targets, weights
    # PyTorch has no beta distribution that takes a generator.
    seed = int(torch.randint(2**63 - 1, (1,), generator=generator))
    rng = np.random.default_rng(seed)
    order = torch.from_numpy(rng.permutation(len(images)))
    cuts = cutmix > 0 and (mixup <= 0 or rng.random() < 0.5)
    share = float(rng.beta(cutmix, cutmix) if cuts else rng.beta(mixup, mixup))
    others = order.to(images.device)
    if cuts:
        mixed, share = _paste_box(images, others, share, rng)
    else:
        mixed = torch.lerp(images[others], images, share)
    return mixed, *_mix_targets(targets, weights, order.to(targets.device), share)


def _paste_box(
    images: Tensor, others: Tensor, share: float, rng: np.random.Generator
) -> tuple[Tensor, float]:
    """Paste a box of the others; say which share of the area the first ones keep."""
    height, width = images.shape[-2:]
    top, bottom = _side_of_box(height, share, rng)
    left, right = _side_of_box(width, share, rng)
    mixed = images.clone()
    box = images[:, :, top:bottom, left:right]
    mixed[:, :, top:bottom, left:right] = box[others]
    return mixed, 1 - (bottom - top) * (right - left) / (height * width)


def _side_of_box(
    length: int, share: float, rng: np.random.Generator
) -> tuple[int, int]:
    """Draw where a side begins and ends: round any point, cut off at the edges."""
    side = round(length * math.sqrt(1 - share))
    start = int(rng.integers(length)) - side // 2
    return max(start, 0), min(start + side, length)


def _mix_targets(
    targets: Tensor, weights: Tensor, order: Tensor, share: float
) -> tuple[Tensor, Tensor]:
    first, second = share * weights, (1 - share) * weights[order]
    mixed = first + second
    # Where neither weighs anything, the target does not count.
    part = torch.where(mixed > 0, first / mixed, share)[:, None]
    return torch.lerp(targets[order], targets, part), mixed
