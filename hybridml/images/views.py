"""Views."""

from __future__ import annotations

from torch import Tensor


def view_batch(images: Tensor, *, n_views: int, crop: int) -> list[Tensor]:
    """Views."""
    top = round((images.shape[2] - crop) / 2)
    plain = images[:, :, top : top + crop, top : top + crop]
    return [plain, plain.flip(3)][:n_views]
