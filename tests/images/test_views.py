from __future__ import annotations

from typing import Any

import pytest
import torch
from torchvision.transforms import v2

from hybridml.images import view_batch


def test_one_view_is_the_centre_crop(photos: torch.Tensor) -> None:
    (view,) = view_batch(photos, n_views=1, crop=40)
    assert view.dtype == torch.float32
    assert torch.equal(view, v2.CenterCrop(40)(photos).float())


def test_ten_views_are_those_of_torchvision(photos: torch.Tensor) -> None:
    theirs = [view.float() for view in v2.TenCrop(40)(photos)]
    order = [4, 9, 0, 6, 3, 7, 1, 5, 2, 8]  # theirs: corners, centre, of both images
    for i, view in enumerate(view_batch(photos, n_views=10, crop=40)):
        assert torch.equal(view, theirs[order[i]])


@pytest.mark.parametrize("crop", [40, 33])
def test_each_second_view_mirrors_the_one_before(
    photos: torch.Tensor, crop: int
) -> None:
    views = list(view_batch(photos, n_views=10, crop=crop))
    for view, mirrored in zip(views[::2], views[1::2], strict=True):
        assert torch.equal(mirrored, view.flip(3))


def test_fewer_views_are_the_first_of_more(photos: torch.Tensor) -> None:
    views = list(view_batch(photos, n_views=10, crop=40))
    for n_views in range(1, 11):
        fewer = list(view_batch(photos, n_views=n_views, crop=40))
        assert len(fewer) == n_views
        assert all(map(torch.equal, fewer, views))


def test_an_image_as_large_as_the_crop_has_its_mirror_image_only() -> None:
    image = torch.arange(48.0).reshape(1, 3, 4, 4)
    views = list(view_batch(image, n_views=10, crop=4))
    for i, view in enumerate(views):
        assert torch.equal(view, image.flip(3) if i % 2 else image)


def test_no_images_have_no_views() -> None:
    views = view_batch(torch.zeros(0, 3, 8, 8), n_views=10, crop=4)
    assert [view.shape for view in views] == [(0, 3, 4, 4)] * 10


@pytest.mark.parametrize("n_views", [0, 11, 2.5, True])
def test_other_numbers_of_views_are_refused(photos: torch.Tensor, n_views: Any) -> None:
    message = f"Got n_views={n_views}; expected an integer from 1 to 10"
    with pytest.raises(ValueError, match=message):
        view_batch(photos, n_views=n_views, crop=40)


def test_what_does_not_fit_is_refused_before_a_view_is_asked_for(
    photos: torch.Tensor,
) -> None:
    with pytest.raises(ValueError, match="crop=49; expected an integer from 1 to 48"):
        view_batch(photos, n_views=1, crop=49)
    with pytest.raises(ValueError, match=r"expected \(n, channels, height, width\)"):
        view_batch(photos[0], n_views=1, crop=40)
