from __future__ import annotations

import pytest
import torch

from hybridml.images import AugmentationPolicy
from hybridml.images.pixel_values import (
    add_noise_,
    change_light_,
    erase_,
    mean_colours,
)


def uniform(n: int, k: int) -> torch.Tensor:
    return torch.rand(n, k, generator=torch.Generator().manual_seed(0))


def flat(n: int, channels: int, value: float = 100.0) -> torch.Tensor:
    return torch.full((n, channels, 8, 8), value)


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_colour_cast_multiplies_each_channel_within_its_limit(channels: int) -> None:
    policy = AugmentationPolicy(colour_cast=0.2)
    grey = flat(2000, channels)
    varied = change_light_(grey, uniform(2000, 2), uniform(2000, 3), policy)
    factors = varied[:, :, 0, 0] / 100
    assert torch.equal(varied, varied[:, :, :1, :1].expand_as(varied))
    assert torch.all((factors.amin(dim=0) >= 0.79999) & (factors.amin(dim=0) < 0.802))
    assert torch.all((factors.amax(dim=0) <= 1.20001) & (factors.amax(dim=0) > 1.198))
    shared = torch.corrcoef(factors.T).reshape(channels, channels)
    assert (shared - torch.eye(channels)).abs().max() < 0.08


def test_three_channels_vary_independently() -> None:
    policy = AugmentationPolicy(colour_cast=0.5)
    varied = change_light_(flat(8000, 3), uniform(8000, 2), uniform(8000, 3), policy)
    is_more = (varied[:, :, 0, 0] > 100).long()
    counts = (is_more * torch.tensor([1, 2, 4])).sum(dim=1).bincount(minlength=8)
    assert torch.all((counts - 1000).abs() < 120)


def test_brightness_multiplies_all_channels_alike() -> None:
    policy = AugmentationPolicy(brightness=0.3)
    varied = change_light_(flat(2000, 3), uniform(2000, 2), uniform(2000, 3), policy)
    assert torch.equal(varied, varied[:, :1].expand_as(varied))
    assert 70 - 1e-3 < varied.min() < 70.1
    assert 129.9 < varied.max() < 130 + 1e-3


def test_contrast_keeps_the_mean() -> None:
    halves = flat(500, 2, 60.0)
    halves[..., 4:] = 180
    policy = AugmentationPolicy(contrast=0.4)
    varied = change_light_(halves, uniform(500, 2), uniform(500, 3), policy)
    assert torch.allclose(varied.mean(dim=(1, 2, 3)), torch.tensor(120.0), atol=1e-3)
    factors = (varied[:, 0, 0, 4] - varied[:, 0, 0, 0]) / 120
    assert 0.6 - 1e-4 < factors.min() < 0.603
    assert 1.397 < factors.max() < 1.4 + 1e-4


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_noise_is_normal_and_its_strength_within_the_limit(channels: int) -> None:
    policy = AugmentationPolicy(noise=10.0)
    grey = torch.full((200, channels, 32, 32), 128.0)
    noise = add_noise_(grey, uniform(200, 2), policy) - 128
    strengths = noise.std(dim=(1, 2, 3))
    assert strengths.min() < 0.5
    assert 9 < strengths.max() < 10.6
    strong = noise[strengths > 5]
    shares = strong / strengths[strengths > 5][:, None, None, None]
    assert shares.mean().abs() < 0.05
    assert 0.66 < (shares.abs() < 1).float().mean() < 0.71
    assert 0.94 < (shares.abs() < 2).float().mean() < 0.965


def test_noise_differs_from_image_to_image_and_between_channels() -> None:
    drawn = uniform(2, 2)
    drawn[:, 0] = 1.0
    grey = torch.full((2, 2, 32, 32), 128.0)
    noise = add_noise_(grey, drawn, AugmentationPolicy(noise=9))
    shared = torch.corrcoef(noise.reshape(4, -1))
    assert (shared - torch.eye(4)).abs().max() < 0.1


def test_noise_stays_within_8_bits() -> None:
    for value in (0.0, 255.0):
        policy = AugmentationPolicy(noise=60.0)
        noisy = add_noise_(flat(50, 3, value), uniform(50, 2), policy)
        assert noisy.min() >= 0
        assert noisy.max() <= 255


def test_erasing_fills_one_rectangle_of_half_of_the_images() -> None:
    stripes = torch.zeros(400, 3, 64, 64)
    stripes[:, :, :, ::2] = 250
    policy = AugmentationPolicy(erase=0.5)
    varied = erase_(stripes.clone(), uniform(400, 5), policy)
    erased = (varied - stripes).abs().amax(dim=1) > 1
    assert torch.allclose(varied[:, 0][erased], torch.tensor(125.0), atol=0.1)
    rows, columns = erased.any(dim=2), erased.any(dim=1)
    assert torch.equal(erased, rows[:, :, None] & columns[:, None, :])
    area = erased.float().mean(dim=(1, 2))
    assert 0.45 < (area > 0).float().mean() < 0.55
    assert area[area > 0].min() > 0.01
    assert 0.3 < area.max() < 0.36


def test_erasing_keeps_the_colour_of_each_channel() -> None:
    colours = torch.tensor([10.0, 90.0, 170.0, 250.0]).view(1, 4, 1, 1)
    images = colours.repeat(50, 1, 20, 20)
    varied = erase_(images.clone(), uniform(50, 5), AugmentationPolicy(erase=1.0))
    assert torch.allclose(varied, images, atol=0.01)


def test_mean_colours_are_the_means() -> None:
    images = 255 * torch.rand(3, 4, 31, 17, generator=torch.Generator().manual_seed(0))
    expected = images.double().mean(dim=(2, 3), keepdim=True).float()
    assert torch.allclose(mean_colours(images), expected, atol=1e-3)
