"""Which views of an image are averaged when a network predicts."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from hybridml._checks import describe, is_count
from hybridml.images.warping import crop_centre

MAX_VIEWS = 10
# The corners in the order taken: opposite ones first, so that few views cover much.
_CORNERS = ((0, 0), (1, 1), (0, 1), (1, 0))


def view_batch(images: Tensor, *, n_views: int, crop: int) -> Iterator[Tensor]:
    """Cut the same views from each image of a batch, without any randomness.

    The centre comes first, then the four corners, each followed by its mirror image.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        On any device. Where they are no larger than the crop, all squares are the same.
    n_views : int
        From 1, the centre crop alone, to 10; 2 adds its mirror image.
    crop : int
        Side of the squares, in pixels; at most height and width.

    Returns
    -------
    views : iterator of Tensor of shape (n, channels, crop, crop), float32
        `n_views` of them, each made when it is asked for.

    Raises
    ------
    ValueError
        If `images`, `n_views` or `crop` are not as above.

    References
    ----------
    A. Krizhevsky, I. Sutskever, G. E. Hinton (2012). ImageNet Classification with Deep
    Convolutional Neural Networks. NIPS, section 4.1 (ten views at test time).

    Examples
    --------
    >>> import torch
    >>> views = list(view_batch(torch.zeros(2, 3, 40, 50), n_views=4, crop=32))
    >>> len(views), views[0].shape
    (4, torch.Size([2, 3, 32, 32]))
    """
    if not is_count(n_views) or n_views > MAX_VIEWS:
        expected = f"an integer from 1 to {MAX_VIEWS}"
        raise ValueError(describe("n_views", n_views, expected))
    check_images(images)
    check_crop(images, crop)
    return (_cut(images, i, crop) for i in range(n_views))


def check_images(images: Tensor) -> None:
    """Refuse what is no batch of images."""
    if images.ndim != 4:
        raise ValueError(
            f"Got images of shape {tuple(images.shape)}; expected (n, channels, "
            "height, width)."
        )


def check_crop(images: Tensor, crop: int) -> None:
    """Refuse squares that do not fit into the images."""
    shorter = min(images.shape[2:])
    if not is_count(crop) or crop > shorter:
        expected = f"an integer from 1 to {shorter}, the shorter side"
        raise ValueError(describe("crop", crop, expected))


def _cut(images: Tensor, i: int, crop: int) -> Tensor:
    if i < 2:
        square = crop_centre(images, crop)
    else:
        down, across = _CORNERS[i // 2 - 1]
        top = down * (images.shape[2] - crop)
        left = across * (images.shape[3] - crop)
        square = images[:, :, top : top + crop, left : left + crop]
    return square.flip(3).float() if i % 2 else square.float()
