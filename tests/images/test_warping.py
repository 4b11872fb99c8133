from __future__ import annotations

import pytest
import torch
from torchvision.transforms import v2

from hybridml.images import POLICIES, AugmentationPolicy
from hybridml.images.warping import draw_affine, draw_distortion, warp


def uniform(n: int, k: int) -> torch.Tensor:
    return torch.rand(n, k, generator=torch.Generator().manual_seed(0))


def neutral(n: int) -> torch.Tensor:
    return torch.tensor([[1.0, 0, 0], [0, 1, 0]]).repeat(n, 1, 1)


@pytest.mark.parametrize("crop", [48, 47, 33, 32])
def test_a_neutral_warp_keeps_the_content(photos: torch.Tensor, crop: int) -> None:
    warped = warp(photos, neutral(6), crop)
    assert torch.allclose(warped, v2.CenterCrop(crop)(photos).float(), atol=0.02)


@pytest.mark.parametrize(("name", "axis"), [("flip", 3), ("vertical_flip", 2)])
def test_a_flip_mirrors_the_crop(photos: torch.Tensor, name: str, axis: int) -> None:
    always = AugmentationPolicy(**{name: 1.0})
    affine = draw_affine(uniform(6, 7), always, 40)
    expected = v2.CenterCrop(40)(photos).flip(axis).float()
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
    affine = draw_affine(uniform(4000, 7), policy, 100)
    linear, shift = affine[:, :, :2], affine[:, :, 2]
    magnified = linear.det().abs().rsqrt()
    assert 0.75 <= magnified.min() < 0.76
    assert 1.24 < magnified.max() <= 1.25001
    angle = torch.atan2(linear[:, 1, 0], linear[:, 0, 0].abs())
    angle = (angle * linear[:, 0, 0].sign()).rad2deg()
    assert 14.9 < angle.abs().max() <= 15.001
    assert 7.9 < shift.abs().max() <= 8.0
    assert 0.45 < (linear.det() < 0).float().mean() < 0.55


def test_shear_leans_upright_lines_within_its_limit_and_keeps_areas() -> None:
    affine = draw_affine(uniform(2000, 7), AugmentationPolicy(shear_deg=10.0), 100)
    linear = affine[:, :, :2]
    lean = torch.atan2(linear[:, 0, 1], linear[:, 1, 1]).rad2deg()
    assert 9.9 < lean.max() <= 10.001
    assert -10.001 <= lean.min() < -9.9
    assert not linear[:, 1, 0].any()
    assert torch.allclose(linear.det(), torch.ones(2000, dtype=torch.float64))


def test_flips_come_as_often_as_asked() -> None:
    policy = AugmentationPolicy(flip=0.2, vertical_flip=0.7)
    linear = draw_affine(uniform(4000, 7), policy, 100)[:, :, :2]
    assert 0.17 < (linear[:, 0, 0] < 0).double().mean() < 0.23
    assert 0.67 < (linear[:, 1, 1] < 0).double().mean() < 0.73


def test_distortion_stays_within_its_limit() -> None:
    policy = AugmentationPolicy(distortion=0.1)
    offsets = draw_distortion(uniform(500, 72), policy, 100)
    assert 5 < offsets.abs().max() <= 10
    assert draw_distortion(torch.ones(1, 72), policy, 100).max() == pytest.approx(10)
    assert offsets.mean().abs() < 0.1


def test_distortion_is_smooth_and_never_folds() -> None:
    offsets = draw_distortion(uniform(500, 72), AugmentationPolicy(distortion=0.06), 65)
    step = 2.0  # pixels from one of the 33 points to the next
    right, down = offsets.diff(dim=3)[:, :, :-1], offsets.diff(dim=2)[..., :-1]
    area = (1 + right[:, 0] / step) * (1 + down[:, 1] / step)
    area -= right[:, 1] * down[:, 0] / step**2
    assert area.min() > 0.05
    bend = torch.cat([offsets.diff(n=2, dim=axis).flatten() for axis in (2, 3)])
    assert bend.abs().max() < 0.06 * 65 * 4 / 36  # kinks of joined nodes: 4 * limit / 8


def test_offsets_move_pixels_right_and_down(photos: torch.Tensor) -> None:
    offsets = torch.tensor([3.0, -2]).view(1, 2, 1, 1).repeat(6, 1, 33, 33)
    expected = photos[:, :, 2:42, 13:53].float()
    warped = warp(photos, neutral(6), 40, offsets)
    assert torch.allclose(warped, expected, atol=0.02)


def test_distortion_moves_pixels_by_what_was_drawn() -> None:
    ramps = torch.stack(torch.meshgrid([torch.arange(64.0)] * 2, indexing="xy"))
    policy = AugmentationPolicy(distortion=0.1)
    offsets = draw_distortion(uniform(5, 72), policy, 33)
    warped = warp(ramps.repeat(5, 1, 1, 1), neutral(5), 33, offsets)
    plain = warp(ramps.repeat(5, 1, 1, 1), neutral(5), 33)
    assert torch.allclose(warped - plain, offsets, atol=1e-3)


def test_no_images_have_no_distortion() -> None:
    policy = AugmentationPolicy(distortion=0.1)
    assert len(draw_distortion(torch.rand(0, 72), policy, 33)) == 0
