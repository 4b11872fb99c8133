"""What is learned from is the same whether the frozen part's output is kept or not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hybridml.backbones.counting import images_forwarded
from hybridml.backbones.workers import single_threaded_workers
from hybridml.exceptions import CacheWarning
from hybridml.finetune.feeding.inputs import PLAIN

MakeParts = Callable[..., Any]
EVERY = np.arange(16)


def _kept(parts: Any, folder: Path, n_views: int = 3) -> Any:
    """Inputs that keep the output for twelve images, and four held out."""
    parts.inputs.keep(12, 4, n_views, folder)
    return parts.inputs


def _counted(take: Callable[[], Any]) -> int:
    before = images_forwarded()
    take()
    return images_forwarded() - before


@pytest.mark.parametrize("trainable", ["head", "last2"])
@pytest.mark.parametrize("view", [PLAIN, 0, 1])
def test_kept_rows_are_those_computed_anew(
    make_parts: MakeParts, tmp_path: Path, trainable: str, view: int
) -> None:
    given = {"trainable": trainable, "augmentation": "strong"}
    kept, anew = (make_parts(**given).inputs for _ in range(2))
    kept.keep(16, 16, 3, tmp_path)
    expected = anew.take(EVERY, view)
    for _ in range(2):
        assert torch.equal(kept.take(EVERY, view), expected)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_row_does_not_depend_on_its_batch(
    make_parts: MakeParts, tmp_path: Path, keeps: bool
) -> None:
    given = {"trainable": "last2", "augmentation": "strong"}
    whole, parted = (make_parts(**given).inputs for _ in range(2))
    if keeps:
        parted.keep(16, 0, 1, tmp_path)
    expected = whole.take(EVERY, 0)
    for batch in ([5], [3, 11, 5], [15, 0, 1, 2, 4, 6, 7, 8, 9, 10, 12]):
        assert torch.equal(parted.take(np.array(batch), 0), expected[batch])


@pytest.mark.parametrize("trainable", ["last2", "all"])
def test_views_differ_and_come_again(make_parts: MakeParts, trainable: str) -> None:
    inputs = make_parts(trainable=trainable, augmentation="standard").inputs
    plain, first, second, again = (inputs.take(EVERY, v) for v in (PLAIN, 0, 1, 0))
    assert torch.equal(first, again)
    for one, other in ((plain, first), (plain, second), (first, second)):
        assert all(not torch.equal(*pair) for pair in zip(one, other, strict=True))


def test_each_image_of_a_view_goes_through_once(
    make_parts: MakeParts, tmp_path: Path
) -> None:
    parts = make_parts(trainable="last2", augmentation="light")
    train, held_out = parts.data.train, parts.data.held_out
    assert _counted(lambda: _kept(parts, tmp_path)) == 0
    take = parts.inputs.take
    assert _counted(lambda: take(train[:5], 0)) == 5
    assert _counted(lambda: take(train, 0)) == 7
    assert _counted(lambda: take(train, 1)) == 12
    assert _counted(lambda: take(held_out, PLAIN)) == 4
    assert _counted(lambda: [take(train, 0), take(train, 1)]) == 0
    assert _counted(lambda: take(held_out[::-1], PLAIN)) == 0


def test_views_begin_again_when_all_are_kept(
    make_parts: MakeParts, tmp_path: Path
) -> None:
    parts = make_parts(trainable="last2", augmentation="light")
    inputs, train = _kept(parts, tmp_path, n_views=3), parts.data.train
    views = [inputs.take(train, view) for view in range(3)]
    assert _counted(lambda: [inputs.take(train, view) for view in range(3, 9)]) == 0
    for view in range(3, 9):
        assert torch.equal(inputs.take(train, view), views[view % 3])


def test_without_augmentation_all_views_are_the_plain_one(
    make_parts: MakeParts, tmp_path: Path
) -> None:
    parts = make_parts(trainable="last2", augmentation="none")
    inputs, train = _kept(parts, tmp_path, n_views=3), parts.data.train
    plain = inputs.take(train, PLAIN)
    assert _counted(lambda: [inputs.take(train, view) for view in range(5)]) == 0
    assert torch.equal(inputs.take(train, 4), plain)


def test_a_full_disk_changes_no_number(
    make_parts: MakeParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"trainable": "last2", "augmentation": "light"}
    parts = make_parts(**given)
    inputs, train = _kept(parts, tmp_path, n_views=2), parts.data.train
    usage = shutil._ntuple_diskusage(2**40, 2**40, 100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    without = make_parts(**given)
    message = r"cannot be kept in .* \(they need 0.0 GiB and 0.0 are free\)"
    with pytest.warns(CacheWarning, match=message):
        _kept(without, tmp_path, n_views=2)
    for view in range(4):
        expected = inputs.take(train, view)
        assert torch.equal(without.inputs.take(train, view), expected)
    assert _counted(lambda: without.inputs.take(train, 0)) == 12


def test_nothing_is_left_in_the_folder(make_parts: MakeParts, tmp_path: Path) -> None:
    parts = make_parts(trainable="last2", augmentation="light")
    folder = tmp_path / "not" / "there"
    _kept(parts, folder).take(parts.data.train, 0)
    del parts
    assert list(folder.iterdir()) == []


def test_nothing_is_kept_where_nothing_is_frozen(
    make_parts: MakeParts, tmp_path: Path
) -> None:
    parts = make_parts(trainable="all")
    inputs = _kept(parts, tmp_path / "unused")
    images = inputs.take(EVERY, 0)
    assert images.shape == (16, 3, 32, 32)
    assert _counted(lambda: inputs.take(EVERY, 0)) == 16
    assert not (tmp_path / "unused").exists()


def test_threads_change_nothing(make_parts: MakeParts) -> None:
    parts = make_parts(trainable="last2", augmentation="light")
    expected = parts.inputs.take(EVERY, 0)
    with single_threaded_workers(3) as workers:
        parts.inputs._workers = workers
        assert torch.equal(parts.inputs.take(EVERY, 0), expected)
