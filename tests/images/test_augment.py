from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from hybridml.exceptions import UnknownNameError
from hybridml.images import POLICIES, AugmentationPolicy, augment_batch
from hybridml.images.augment import draw_affine, warp

VARYING = ["light", "standard", "strong"]


@pytest.fixture
def photos(noise: Callable[..., Any]) -> torch.Tensor:
    """Smooth uint8 images of shape (6, 3, 48, 60)."""
    rows = [Image.fromarray(noise(6, 8, 3, seed=i)).resize((60, 48)) for i in range(6)]
    return torch.from_numpy(np.stack([np.asarray(row) for row in rows])).permute(
        0, 3, 1, 2
    )


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def neutral(n: int) -> torch.Tensor:
    return torch.tensor([[1.0, 0, 0], [0, 1, 0]]).repeat(n, 1, 1)


@pytest.mark.parametrize("crop", [48, 47, 32, 1])
def test_none_is_the_centre_crop_bit_for_bit(photos: torch.Tensor, crop: int) -> None:
    generator = seeded()
    state = generator.get_state()
    varied = augment_batch(photos, policy="none", crop=crop, generator=generator)
    assert varied.dtype == torch.float32
    assert torch.equal(varied, v2.CenterCrop(crop)(photos).float())
    assert torch.equal(generator.get_state(), state)


@pytest.mark.parametrize("crop", [48, 47, 33, 32])
def test_a_neutral_warp_keeps_the_content(photos: torch.Tensor, crop: int) -> None:
    warped = warp(photos, neutral(6), crop)
    assert torch.allclose(warped, v2.CenterCrop(crop)(photos).float(), atol=0.02)


@pytest.mark.parametrize("policy", VARYING)
def test_one_seed_gives_one_result(photos: torch.Tensor, policy: str) -> None:
    first, again, other = (
        augment_batch(photos, policy=policy, crop=40, generator=seeded(seed))
        for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("policy", VARYING)
def test_the_batch_size_does_not_matter(photos: torch.Tensor, policy: str) -> None:
    generator = seeded()
    parts = [
        augment_batch(part, policy=policy, crop=40, generator=generator)
        for part in photos.split([1, 2, 3])
    ]
    together = augment_batch(photos, policy=policy, crop=40, generator=seeded())
    assert torch.allclose(torch.cat(parts), together, atol=1e-3)


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


def test_a_flip_mirrors_the_crop(photos: torch.Tensor) -> None:
    always = AugmentationPolicy(flip=1.0)
    affine = draw_affine(torch.rand(6, 5, generator=seeded()), always, 40)
    expected = v2.CenterCrop(40)(photos).flip(3).float()
    assert torch.allclose(warp(photos, affine, 40), expected, atol=0.02)


def test_a_shift_moves_by_whole_pixels(photos: torch.Tensor) -> None:
    shift = torch.tensor([[1.0, 0, 3], [0, 1, -2]]).repeat(6, 1, 1)
    expected = photos[:, :, 2:42, 13:53].float()
    assert torch.allclose(warp(photos, shift, 40), expected, atol=0.02)


def test_a_quarter_turn_turns_in_pixels_whatever_the_sides(
    photos: torch.Tensor,
) -> None:
    turn = torch.tensor([[0.0, -1, 0], [1, 0, 0]]).repeat(6, 1, 1)
    expected = v2.CenterCrop(40)(photos).rot90(1, (2, 3)).float()
    assert torch.allclose(warp(photos, turn, 40), expected, atol=0.02)


def test_beyond_the_edge_the_image_is_mirrored() -> None:
    ramp = torch.arange(8.0).repeat(1, 1, 8, 1)
    shift = torch.tensor([[[1.0, 0, 3], [0, 1, 0]]])
    expected = torch.tensor([3.0, 4, 5, 6, 7, 7, 6, 5])
    assert torch.allclose(warp(ramp, shift, 8)[0, 0, 4], expected, atol=1e-4)


def test_drawn_warps_stay_within_the_policy_and_fill_it() -> None:
    policy = POLICIES["strong"]
    affine = draw_affine(torch.rand(4000, 5, generator=seeded()), policy, 100)
    linear, shift = affine[:, :, :2], affine[:, :, 2]
    magnified = linear.det().abs().rsqrt()
    assert 0.75 <= magnified.min() < 0.76
    assert 1.24 < magnified.max() <= 1.2501
    angle = torch.atan2(linear[:, 0, 1], linear[:, 1, 1]).rad2deg()
    assert 14.9 < angle.abs().max() <= 15.001
    assert 7.9 < shift.abs().max() <= 8.0
    assert 0.45 < (linear.det() < 0).float().mean() < 0.55


def test_light_neither_flips_nor_turns_nor_changes_light() -> None:
    affine = draw_affine(torch.rand(500, 5, generator=seeded()), POLICIES["light"], 100)
    assert not affine[:, 0, 1].any()
    assert (affine[:, 0, 0] > 0).all()
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


def test_erasing_fills_one_rectangle_of_half_of_the_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(POLICIES, "erase", AugmentationPolicy(erase=0.5))
    stripes = torch.zeros(400, 3, 64, 64, dtype=torch.uint8)
    stripes[:, :, :, ::2] = 250
    varied = augment_batch(stripes, policy="erase", crop=64, generator=seeded())
    erased = (varied - stripes).abs().amax(dim=1) > 1
    assert torch.allclose(varied[:, 0][erased], torch.tensor(125.0), atol=0.1)
    rows, columns = erased.any(dim=2), erased.any(dim=1)
    assert torch.equal(erased, rows[:, :, None] & columns[:, None, :])
    area = erased.float().mean(dim=(1, 2))
    assert 0.45 < (area > 0).float().mean() < 0.55
    assert area[area > 0].min() > 0.01
    assert 0.3 < area.max() < 0.36


def test_an_unknown_policy_is_refused_with_the_nearest(photos: torch.Tensor) -> None:
    with pytest.raises(
        UnknownNameError, match=r"policy='strng'.*Did you mean 'strong'"
    ):
        augment_batch(photos, policy="strng", crop=40, generator=seeded())


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
def test_a_cuda_batch_stays_there_and_agrees(photos: torch.Tensor) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    for policy in POLICIES:
        here = augment_batch(photos, policy=policy, crop=40, generator=seeded())
        there = augment_batch(photos.cuda(), policy=policy, crop=40, generator=seeded())
        assert there.is_cuda
        assert torch.allclose(there.cpu(), here, atol=0.05)
