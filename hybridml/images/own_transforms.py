"""How a user's own transform, such as torchvision's, varies training images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from hybridml.images.warping import crop_centre

_N_SEEDS = 2**24


def apply_transform(
    images: Tensor, transform: Callable[[Any], Any], drawn: Tensor, crop: int
) -> Tensor:
    """Give each image to a transform, by itself and with its own seed.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width), uint8
    transform : callable
        Takes and returns uint8 batches, here of one image; what comes out is at least
        as large as the crop, whose place is the centre. Its randomness is to come from
        torch, whose global state is afterwards as it was.
    drawn : Tensor of shape (n, 1), float
        Uniform in [0, 1): the seeds.
    crop : int
        Side of the square returned, in pixels.

    Returns
    -------
    varied : Tensor of shape (n, channels, crop, crop), float32

    Raises
    ------
    TypeError
        If the transform returns no tensor, or no uint8.
    ValueError
        If what it returns has other channels, or is smaller than the crop.
    """
    varied = images.new_empty((*images.shape[:2], crop, crop), dtype=torch.float32)
    with _own_randomness(images.device):
        for i, seed in enumerate((drawn[:, 0].double() * _N_SEEDS).long().tolist()):
            _seed(seed, images.device)
            # A copy, since some transforms work in place.
            given = transform(images[i : i + 1].clone())
            _check(given, transform, images.shape[1], crop)
            varied[i] = crop_centre(given, crop)[0]
    return varied


@contextmanager
def _own_randomness(device: torch.device) -> Iterator[None]:
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield


def _seed(seed: int, device: torch.device) -> None:
    # torch.manual_seed would seed all devices, also those that are not restored.
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)


def _check(given: object, transform: object, n_channels: int, crop: int) -> None:
    name = getattr(transform, "__name__", type(transform).__name__)
    what = f"a uint8 batch of shape (1, {n_channels}, height, width)"
    if not isinstance(given, Tensor):
        raise TypeError(
            f"Got a {type(given).__name__} from the augmentation {name}; "
            f"expected {what}."
        )
    if given.dtype != torch.uint8:
        raise TypeError(
            f"Got {given.dtype} from the augmentation {name}; expected {what}. "
            "Leave out scaling and normalisation: they follow for every network."
        )
    if given.ndim != 4 or given.shape[:2] != (1, n_channels):
        raise ValueError(
            f"Got shape {tuple(given.shape)} from the augmentation {name}; "
            f"expected {what}."
        )
    if min(given.shape[2:]) < crop:
        raise ValueError(
            f"Got an image of {given.shape[2]} x {given.shape[3]} pixels from the "
            f"augmentation {name}; expected at least {crop} x {crop}, the size that "
            "the network takes. Let it resize to that, or keep the size."
        )
