"""Showing what augmentation makes of one's own photos, before training on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from hybridml._checks import Problems, is_count
from hybridml.images.augment import augment_batch
from hybridml.images.batch import load_batch
from hybridml.images.door import as_images
from hybridml.images.failures import raise_bad_images
from hybridml.images.policies import (
    POLICIES,
    Augmentation,
    AugmentationPolicy,
    check_augmentation,
)
from hybridml.report.views_plot import plot_views

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_augmentations(
    X: Any,
    *,
    augmentation: Augmentation = "standard",
    n_images: int = 4,
    n_views: int = 6,
    image_size: int = 224,
    random_state: int = 0,
) -> Figure:
    """Show photos, and beside each what training may see instead of it.

    Parameters
    ----------
    X : sequence of paths, bytes, PIL images or arrays, or array of them
        As estimators take it; the first images are shown, in colour or grey.
    augmentation : name, AugmentationPolicy or transform, default="standard"
        As for `FineTuneClassifier`.
    n_images : int, default=4
        How many images are shown, if there are as many.
    n_views : int, default=6
        How many views of each.
    image_size : int, default=224
        Side of the square that the network takes, in pixels.
    random_state : int, default=0
        Other views are shown for another number.

    Returns
    -------
    figure : matplotlib Figure
        ``figure.savefig("views.png")`` stores it; nothing has to be closed.

    Raises
    ------
    UnknownNameError, TypeError
        If there is no such augmentation.
    InvalidParameterError
        If one of the numbers is out of range, or if there is no image.
    ImageDecodeError
        If one of the images to be shown cannot be decoded.

    Examples
    --------
    >>> from hybridml.testing import make_photos
    >>> X, y = make_photos(4)
    >>> figure = plot_augmentations(X, augmentation="strong", n_views=3)
    >>> len(figure.axes)
    16
    """
    check_augmentation(augmentation)
    images = as_images(X)
    _check_numbers(len(images), n_images, n_views, image_size, random_state)
    pixels = _load(images[:n_images], image_size)
    views = make_views(
        pixels,
        augmentation=augmentation,
        n_views=n_views,
        crop=image_size,
        random_state=random_state,
    )
    start = (pixels.shape[1] - image_size) // 2
    centre = slice(start, start + image_size)
    title, details = _in_words(augmentation)
    return plot_views(pixels[:, centre, centre], views, title=title, details=details)


def make_views(
    pixels: npt.NDArray[np.uint8],
    *,
    augmentation: Augmentation,
    n_views: int,
    crop: int,
    random_state: int,
) -> npt.NDArray[np.uint8]:
    """Vary each image several times, independently.

    Parameters
    ----------
    pixels : ndarray of shape (n_images, height, width, channels), uint8
    augmentation : name, AugmentationPolicy or transform
    n_views : int
    crop : int
        Side of the views, in pixels.
    random_state : int

    Returns
    -------
    views : ndarray of shape (n_images, n_views, crop, crop, channels), uint8
    """
    repeated = torch.from_numpy(pixels.repeat(n_views, axis=0)).permute(0, 3, 1, 2)
    generator = torch.Generator().manual_seed(int(random_state))
    varied = augment_batch(
        repeated, policy=augmentation, crop=crop, generator=generator
    )
    views = varied.round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return views.reshape(len(pixels), n_views, crop, crop, pixels.shape[3])


def _check_numbers(
    n_found: int, n_images: int, n_views: int, image_size: int, random_state: int
) -> None:
    problems = Problems("plot_augmentations")
    problems.expect(n_found > 0, "X", [], "at least one image")
    counts = {"n_images": n_images, "n_views": n_views, "image_size": image_size}
    for name, value in counts.items():
        problems.expect(is_count(value), name, value, "a positive integer")
    is_seed = is_count(random_state, minimum=0)
    problems.expect(is_seed, "random_state", random_state, "a whole number >= 0")
    problems.raise_all()


def _load(images: npt.NDArray[Any], image_size: int) -> npt.NDArray[np.uint8]:
    """Decode images with a margin to move in, a seventh of the side, as is usual."""
    side = image_size + image_size // 7 // 4 * 4
    pixels, failures = load_batch(images, resize=side, crop=side)
    raise_bad_images(failures, images)
    return pixels


def _in_words(augmentation: Augmentation) -> tuple[str, str]:
    if isinstance(augmentation, str):
        varied = POLICIES[augmentation].in_words()
        return f'Augmentation "{augmentation}"', f"Varied: {varied}."
    if isinstance(augmentation, AugmentationPolicy):
        return "Augmentation by a policy", f"Varied: {augmentation.in_words()}."
    name = getattr(augmentation, "__name__", type(augmentation).__name__)
    details = ""
    if isinstance(augmentation, torch.nn.Module):  # its text is spread over lines
        details = " ".join(repr(augmentation).split())
        details = details.replace("( ", "(").replace(" )", ")").replace(") ", "), ")
    return f"Augmentation by {name}", details
