from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torchvision.transforms import v2

from hybridml.exceptions import UnknownNameError
from hybridml.images import (
    POLICIES,
    AugmentationPolicy,
    augment_batch,
    draw_numbers,
)

VARYING = ["light", "standard", "strong"]
LIGHT_ONLY = AugmentationPolicy(brightness=0.3, contrast=0.3, colour_cast=0.2)
OWN = v2.Compose([v2.RandomHorizontalFlip(), v2.ColorJitter(hue=0.3)])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(params=[1, 2])
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("crop", [48, 47, 32, 1])
def test_none_is_the_centre_crop_bit_for_bit(photos: torch.Tensor, crop: int) -> None:
    generator = seeded()
    state = generator.get_state()
    varied = augment_batch(photos, policy="none", crop=crop, generator=generator)
    assert varied.dtype == torch.float32
    assert torch.equal(varied, v2.CenterCrop(crop)(photos).float())
    assert torch.equal(generator.get_state(), state)


@pytest.mark.parametrize("crop", [48, 33])
def test_a_policy_that_varies_nothing_is_the_centre_crop(
    photos: torch.Tensor, crop: int
) -> None:
    varied = augment_batch(
        photos, policy=AugmentationPolicy(), crop=crop, generator=seeded()
    )
    assert torch.equal(varied, v2.CenterCrop(crop)(photos).float())


def test_a_policy_may_be_given_itself(photos: torch.Tensor) -> None:
    for name in VARYING:
        by_name, itself = (
            augment_batch(photos, policy=policy, crop=40, generator=seeded())
            for policy in (name, POLICIES[name])
        )
        assert torch.equal(by_name, itself)


@pytest.mark.parametrize("policy", [*VARYING, LIGHT_ONLY, OWN])
@pytest.mark.parametrize("sizes", [[1, 5], [3, 3], [1, 2, 3]])
@pytest.mark.usefixtures("_threads")
def test_parts_of_a_batch_give_what_the_whole_gives(
    photos: torch.Tensor, policy: Any, sizes: list[int]
) -> None:
    drawn = draw_numbers(6, policy, seeded())
    whole = augment_batch(photos, policy=policy, crop=40, drawn=drawn)
    pairs = zip(photos.split(sizes), drawn.split(sizes), strict=True)
    parts = [
        augment_batch(images, policy=policy, crop=40, drawn=rows)
        for images, rows in pairs
    ]
    assert torch.equal(torch.cat(parts), whole)


@pytest.mark.parametrize("policy", [*VARYING, LIGHT_ONLY, OWN])
def test_a_generator_draws_the_same_in_one_batch_or_several(
    photos: torch.Tensor, policy: Any
) -> None:
    generator, drawn = seeded(), draw_numbers(6, policy, seeded())
    parts = [
        augment_batch(part, policy=policy, crop=40, generator=generator)
        for part in photos.split([1, 2, 3])
    ]
    whole = augment_batch(photos, policy=policy, crop=40, drawn=drawn)
    assert torch.equal(torch.cat(parts), whole)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("policy", [*VARYING, LIGHT_ONLY])
def test_any_number_of_channels_is_varied(channels: int, policy: Any) -> None:
    ramp = torch.arange(40, dtype=torch.uint8).repeat(4, channels, 40, 1)
    varied = augment_batch(ramp, policy=policy, crop=32, generator=seeded())
    assert varied.shape == (4, channels, 32, 32)
    assert not torch.equal(varied, v2.CenterCrop(32)(ramp).float())


@pytest.mark.parametrize("policy", [*VARYING, OWN])
def test_global_random_numbers_are_left_alone(
    photos: torch.Tensor, policy: Any
) -> None:
    before = torch.get_rng_state()
    augment_batch(photos, policy=policy, crop=40, generator=seeded())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("policy", VARYING)
def test_one_seed_gives_one_result(photos: torch.Tensor, policy: str) -> None:
    first, again, other = (
        augment_batch(photos, policy=policy, crop=40, generator=seeded(seed))
        for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("policy", POLICIES)
def test_values_stay_within_8_bits_and_the_input_as_it_was(
    photos: torch.Tensor, policy: str
) -> None:
    before = photos.clone()
    varied = augment_batch(photos, policy=policy, crop=40, generator=seeded())
    assert varied.shape == (6, 3, 40, 40)
    assert varied.dtype == torch.float32
    assert varied.min() >= 0
    assert varied.max() <= 255
    assert torch.equal(photos, before)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("n", [0, 1])
def test_no_image_and_one_image_are_batches(policy: str, n: int) -> None:
    images = torch.zeros(n, 3, 20, 20, dtype=torch.uint8)
    varied = augment_batch(images, policy=policy, crop=16, generator=seeded())
    assert varied.shape == (n, 3, 16, 16)


def test_light_changes_no_light() -> None:
    flat = torch.full((50, 3, 20, 20), 90, dtype=torch.uint8)
    varied = augment_batch(flat, policy="light", crop=16, generator=seeded())
    assert torch.allclose(varied, torch.tensor(90.0), atol=1e-3)


def test_standard_changes_brightness_by_up_to_a_fifth() -> None:
    flat = torch.full((500, 3, 12, 12), 100, dtype=torch.uint8)
    varied = augment_batch(flat, policy="standard", crop=8, generator=seeded())
    means = varied.mean(dim=(1, 2, 3))
    assert 79.9 < means.min() < 82
    assert 118 < means.max() < 120.1


def test_standard_changes_contrast_about_the_mean() -> None:
    halves = torch.full((500, 1, 8, 8), 60, dtype=torch.uint8)
    halves[:, :, 4:] = 180
    policy = POLICIES["standard"]
    varied = augment_batch(halves, policy="standard", crop=8, generator=seeded())
    spread = varied.amax(dim=(1, 2, 3)) / varied.amin(dim=(1, 2, 3))
    assert spread.min() < 2.6  # at 0.8 times the contrast 168 / 72 is 2.33
    assert spread.max() > 3.7  # at 1.2 times it 192 / 48 is 4
    assert policy.contrast == 0.2


def test_an_unknown_policy_is_refused_with_the_nearest(photos: torch.Tensor) -> None:
    with pytest.raises(
        UnknownNameError, match=r"policy='strng'.*Did you mean 'strong'"
    ):
        augment_batch(photos, policy="strng", crop=40, generator=seeded())


@pytest.mark.parametrize("policy", [None, 3, v2.RandomRotation, ["light"]])
def test_what_is_no_policy_is_refused(photos: torch.Tensor, policy: Any) -> None:
    with pytest.raises(TypeError, match=r"Got policy=.*; expected 'none', 'light'"):
        augment_batch(photos, policy=policy, crop=40, generator=seeded())


def test_random_numbers_come_from_one_place(photos: torch.Tensor) -> None:
    drawn = draw_numbers(6, "light", seeded())
    with pytest.raises(ValueError, match="Got both of generator and drawn"):
        augment_batch(photos, policy="light", crop=40, generator=seeded(), drawn=drawn)
    with pytest.raises(ValueError, match="Got neither of generator and drawn"):
        augment_batch(photos, policy="light", crop=40)


def test_random_numbers_of_other_images_are_refused(photos: torch.Tensor) -> None:
    for drawn in (draw_numbers(5, "light", seeded()), torch.rand(6, 7)):
        with pytest.raises(ValueError, match=r"Got drawn .* expected \(6, 92\)"):
            augment_batch(photos, policy="light", crop=40, drawn=drawn)


def test_drawing_for_none_draws_nothing() -> None:
    generator = seeded()
    state = generator.get_state()
    drawn = draw_numbers(3, "none", generator)
    assert drawn.shape == (3, 0)
    assert torch.equal(generator.get_state(), state)
    images = torch.zeros(3, 1, 8, 8, dtype=torch.uint8)
    varied = augment_batch(images, policy="none", crop=8, drawn=drawn)
    assert varied.shape == images.shape


@pytest.mark.parametrize("crop", [0, 49, 20.5, True])
def test_a_crop_that_does_not_fit_is_refused(photos: torch.Tensor, crop: Any) -> None:
    with pytest.raises(
        ValueError, match=f"crop={crop}; expected an integer from 1 to 48"
    ):
        augment_batch(photos, policy="none", crop=crop, generator=seeded())


def test_other_tensors_are_refused(photos: torch.Tensor) -> None:
    for images in (photos.float(), photos[0]):
        with pytest.raises(
            ValueError, match=r"expected \(n, channels, height, width\)"
        ):
            augment_batch(images, policy="none", crop=40, generator=seeded())


@pytest.mark.gpu
@pytest.mark.parametrize("policy", ["none", *VARYING, LIGHT_ONLY])
def test_a_cuda_batch_stays_there_and_agrees(photos: torch.Tensor, policy: Any) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    here = augment_batch(photos, policy=policy, crop=40, generator=seeded())
    there = augment_batch(photos.cuda(), policy=policy, crop=40, generator=seeded())
    assert there.is_cuda
    assert torch.allclose(there.cpu(), here, atol=0.05)


@pytest.mark.gpu
@pytest.mark.parametrize("policy", [*VARYING, LIGHT_ONLY, OWN])
def test_parts_of_a_cuda_batch_give_what_the_whole_gives(
    photos: torch.Tensor, policy: Any
) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    before = torch.cuda.get_rng_state()
    images, drawn = photos.cuda(), draw_numbers(6, policy, seeded())
    whole = augment_batch(images, policy=policy, crop=40, drawn=drawn)
    parts = [
        augment_batch(images[i : i + 1], policy=policy, crop=40, drawn=drawn[i : i + 1])
        for i in range(6)
    ]
    assert torch.equal(torch.cat(parts), whole)
    assert torch.equal(torch.cuda.get_rng_state(), before)
