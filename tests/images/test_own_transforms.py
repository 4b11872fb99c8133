"""A user's transform sees one image at a time, with a seed of the image's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torchvision.transforms import v2

from hybridml.images import augment_batch


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    "transform",
    [
        v2.RandomResizedCrop(40),
        v2.RandAugment(),
        v2.TrivialAugmentWide(),
        v2.ElasticTransform(),
        v2.RandomPerspective(p=1.0),
        v2.RandomErasing(p=1.0),
        v2.Compose([v2.RandomRotation(20), v2.RandomPhotometricDistort()]),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_torchvision_transforms_vary_each_image_in_its_own_way(
    transform: Callable[[Any], Any], photos: torch.Tensor
) -> None:
    same = photos[:1].repeat(6, 1, 1, 1)
    before = same.clone()
    first, again = (
        augment_batch(same, policy=transform, crop=40, generator=seeded())
        for _ in range(2)
    )
    assert first.shape == (6, 3, 40, 40)
    assert first.dtype == torch.float32
    assert torch.equal(first, again)
    assert any(not torch.equal(first[0], other) for other in first[1:])
    assert torch.equal(same, before)


def test_the_crop_is_the_centre_of_what_comes_back(photos: torch.Tensor) -> None:
    def mirror(images: torch.Tensor) -> torch.Tensor:
        assert images.shape == (1, 3, 48, 60)
        return images.flip(3)

    varied = augment_batch(photos, policy=mirror, crop=40, generator=seeded())
    assert torch.equal(varied, v2.CenterCrop(40)(photos).flip(3).float())


def test_a_transform_that_works_in_place_leaves_the_images_alone(
    photos: torch.Tensor,
) -> None:
    before = photos.clone()
    darken = torch.Tensor.zero_
    varied = augment_batch(photos, policy=darken, crop=40, generator=seeded())
    assert not varied.any()
    assert torch.equal(photos, before)


def test_no_images_are_given_to_no_transform() -> None:
    images = torch.zeros(0, 3, 20, 20, dtype=torch.uint8)
    varied = augment_batch(images, policy=v2.RandAugment(), crop=8, generator=seeded())
    assert varied.shape == (0, 3, 8, 8)


@pytest.mark.parametrize(
    ("transform", "error", "message"),
    [
        (
            torch.Tensor.numpy,
            TypeError,
            "Got a ndarray from the augmentation num",
        ),
        (
            v2.ToDtype(torch.float32, scale=True),
            TypeError,
            r"Got torch.float32 from the augmentation ToDtype.*Leave out scaling",
        ),
        (v2.Grayscale(), ValueError, r"Got shape \(1, 1, 48, 60\) .* Grayscale; exp"),
        (
            v2.Resize(32),
            ValueError,
            r"Got an image of 32 x 40 pixels .* Resize; expected at least 40 x 40",
        ),
        (lambda images: images[0], ValueError, r"Got shape \(3, 48, 60\) .*<lambda>"),
        (lambda images: None, TypeError, "Got a NoneType from the augmentation <lamb"),
    ],
)
def test_a_transform_that_returns_something_else_is_named(
    transform: Any, error: type[Exception], message: str, photos: torch.Tensor
) -> None:
    with pytest.raises(error, match=message):
        augment_batch(photos, policy=transform, crop=40, generator=seeded())


def test_global_random_numbers_survive_a_transform_that_fails(
    photos: torch.Tensor,
) -> None:
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="Grayscale"):
        augment_batch(photos, policy=v2.Grayscale(), crop=40, generator=seeded())
    assert torch.equal(torch.get_rng_state(), before)
