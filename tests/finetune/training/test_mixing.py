"""Images are mixed, and what they stand for in the same measure."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from hybridml.exceptions import InvalidParameterError
from hybridml.finetune.training.mixing import mix_batch

Batch = tuple[Tensor, Tensor, Tensor]

ALPHAS = st.sampled_from([(0.2, 0.0), (0.0, 1.0), (0.8, 1.0), (0.001, 0.0)])


def _batch(n_images: int = 6, n_classes: int = 3, side: int = 8) -> Batch:
    """Make images that are 1 in the channel of their class, and 0 in the others."""
    classes = torch.arange(n_images) % n_classes
    targets = torch.nn.functional.one_hot(classes, n_classes).double()
    images = targets[:, :, None, None].expand(-1, -1, side, side).clone()
    return images, targets, torch.linspace(0.5, 2.0, n_images, dtype=torch.float64)


def _mix(batch: Batch, seed: int, mixup: float, cutmix: float) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    return mix_batch(*batch, mixup=mixup, cutmix=cutmix, generator=generator)


@given(seed=st.integers(0, 2**32), alphas=ALPHAS, n_images=st.integers(1, 9))
def test_mixing_keeps_the_sums_of_weights_and_targets(
    seed: int, alphas: tuple[float, float], n_images: int
) -> None:
    _, targets, weights = batch = _batch(n_images)
    _, mixed, mixed_weights = _mix(batch, seed, *alphas)
    torch.testing.assert_close(mixed_weights.sum(), weights.sum())
    before, after = weights @ targets, mixed_weights @ mixed
    torch.testing.assert_close(after, before)
    torch.testing.assert_close(mixed.sum(dim=1), torch.ones(n_images).double())


@given(seed=st.integers(0, 2**32), alphas=ALPHAS)
def test_targets_say_how_much_of_each_class_is_in_the_image(
    seed: int, alphas: tuple[float, float]
) -> None:
    images, targets, _ = _batch()
    batch = images, targets, torch.ones(6).double()
    mixed, mixed_targets, weights = _mix(batch, seed, *alphas)
    torch.testing.assert_close(mixed.mean(dim=(2, 3)), mixed_targets)
    torch.testing.assert_close(weights, batch[2])


@given(seed=st.integers(0, 2**32))
def test_loss_of_the_mixed_is_the_mixed_loss(seed: int) -> None:
    images, targets, weights = _batch()
    log_proba = torch.randn(3).double().log_softmax(dim=0)
    _, mixed, mixed_weights = _mix((images, targets, weights), seed, 0.4, 0.0)
    before = -(weights @ (targets @ log_proba))
    torch.testing.assert_close(-(mixed_weights @ (mixed @ log_proba)), before)


def test_cutmix_pastes_one_box_of_another_image() -> None:
    sizes = []
    for seed in range(30):
        mixed, _, _ = _mix(_batch(2, 2), seed, 0.0, 1.0)
        assert set(mixed.unique().tolist()) <= {0.0, 1.0}
        foreign = mixed[0, 1]  # where the first image is of the other class
        rows, columns = foreign.amax(dim=1), foreign.amax(dim=0)
        assert torch.equal(foreign, rows[:, None] * columns[None, :])
        assert torch.count_nonzero(rows.diff()) <= 2
        sizes.append(float(foreign.mean()))
    assert len(set(sizes)) > 5


def test_no_mixing_gives_back_the_batch_and_draws_nothing() -> None:
    batch, generator = _batch(), torch.Generator().manual_seed(3)
    before = generator.get_state()
    assert mix_batch(*batch, mixup=0.0, cutmix=0.0, generator=generator) == batch
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize("alphas", [(0.2, 0.0), (0.0, 1.0), (0.2, 1.0)])
def test_the_same_generator_mixes_the_same_way(alphas: tuple[float, float]) -> None:
    first, second, third = (_mix(_batch(), seed, *alphas) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], third[0])


def test_batches_of_one_generator_are_mixed_differently() -> None:
    generator = torch.Generator().manual_seed(0)
    options = {"mixup": 1.0, "cutmix": 0.0, "generator": generator}
    first, second = (mix_batch(*_batch(), **options)[0] for _ in range(2))
    assert not torch.equal(first, second)


def test_both_kinds_take_turns_at_random() -> None:
    is_cut = [
        set(_mix(_batch(), seed, 1.0, 1.0)[0].unique().tolist()) <= {0.0, 1.0}
        for seed in range(100)
    ]
    assert 30 < sum(is_cut) < 70


def test_shares_are_those_of_the_beta_distribution() -> None:
    shares = []
    batch = *_batch(2, 2)[:2], torch.ones(2).double()
    for seed in range(400):
        _, targets, _ = _mix(batch, seed, 0.4, 0.0)
        if targets[0, 1] > 0:  # not mixed with itself
            shares.append(float(targets[0, 0]))
    # Beta(a, a) has the mean 1/2 and the variance 1 / (4 * (2 * a + 1)).
    assert np.mean(shares) == pytest.approx(0.5, abs=0.06)
    assert np.var(shares) == pytest.approx(1 / (4 * 1.8), abs=0.03)


def test_images_are_not_changed_in_place() -> None:
    for alphas in ((0.5, 0.0), (0.0, 0.5)):
        batch = _batch()
        _mix(batch, 1, *alphas)
        assert all(torch.equal(a, b) for a, b in zip(batch, _batch(), strict=True))


def test_values_and_features_are_mixed_too() -> None:
    values = torch.tensor([[1.0, -5.0], [3.0, 7.0]])
    features = values.repeat(1, 4)
    batch = features, values, torch.ones(2)
    mixed, targets, _ = _mix(batch, 1, 1.0, 0.0)
    torch.testing.assert_close(mixed, targets.repeat(1, 4))
    assert not torch.equal(targets, values)


def test_boxes_need_maps() -> None:
    batch = torch.zeros(2, 5), torch.zeros(2, 1), torch.ones(2)
    message = r"Got cutmix=1.0; expected 0 for features of shape \(2, 5\), .* mixup"
    with pytest.raises(InvalidParameterError, match=message):
        _mix(batch, 0, 0.0, 1.0)


def test_images_without_weight_stay_without_it() -> None:
    images, targets, _ = _batch()
    _, mixed, weights = _mix((images, targets, torch.zeros(6).double()), 2, 1.0, 0.0)
    assert torch.equal(weights, torch.zeros(6).double())
    assert torch.isfinite(mixed).all()


def test_memory_layout_of_the_images_is_kept() -> None:
    images, targets, weights = _batch()
    images = images.contiguous(memory_format=torch.channels_last)
    for alphas in ((0.5, 0.0), (0.0, 0.5)):
        mixed, _, _ = _mix((images, targets, weights), 1, *alphas)
        assert mixed.is_contiguous(memory_format=torch.channels_last)
