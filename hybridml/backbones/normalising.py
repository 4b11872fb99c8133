"""From uint8 pixels to what a network takes."""

from __future__ import annotations

import torch
from torch import Tensor

from hybridml.backbones.spec import Preprocessing


def normalise(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """From (n, channels, h, w) values of 0 to 255 to the network's float32 input."""
    mean = torch.tensor(preprocessing.mean, device=images.device) * 255
    std = torch.tensor(preprocessing.std, device=images.device) * 255
    pixels = images.permute(0, 2, 3, 1)
    if not pixels.is_contiguous():
        return images.float().sub_(mean.view(1, -1, 1, 1)).div_(std.view(1, -1, 1, 1))
    # Where the channels lie side by side, whole lines are quicker than triplets.
    lines = pixels.flatten(2).float()
    lines.sub_(mean.repeat(pixels.shape[2])).div_(std.repeat(pixels.shape[2]))
    return lines.view(pixels.shape).permute(0, 3, 1, 2)
