"""Tasks on patches of road scenes, which their label maps answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from advisor.task import MOST_JUDGED, Task, judged

CLASSES = {0: "sky", 1: "building", 3: "road", 4: "pavement", 5: "tree", 8: "car"}
TREE, VOID = 5, 11
PATCH_PX, SHARE_PATCH_PX = 64, 96
DOMINANT = 0.6
_MIN_TREE = 0.02

Answer = Callable[[npt.NDArray[np.uint8]], Any]


def patch_class(data: Path) -> Task:
    """Tell what most of a patch of 64 pixels shows; train and test are other drives."""
    images, targets, n_pool = _patches(data, PATCH_PX, 32, _dominant)
    pool, rest = _parts(targets, n_pool)
    test = judged(targets, rest)
    args = ("patch_class", "camvid", True, "standard", images, targets)
    return Task(*args, pool, test)


def tree_share(data: Path) -> Task:
    """Estimate how much of a patch of 96 pixels is trees, where there are any."""
    images, targets, n_pool = _patches(data, SHARE_PATCH_PX, 48, _share_of_trees)
    pool, rest = _parts(targets, n_pool)
    test = np.sort(np.random.default_rng(0).permutation(rest)[:MOST_JUDGED])
    args = ("tree_share", "camvid", True, "standard", images, targets)
    return Task(*args, pool, test, kind="regression")


def _parts(
    targets: npt.NDArray[Any], n_pool: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    every = np.arange(len(targets))
    return every[:n_pool], every[n_pool:]


def _patches(
    data: Path, side_px: int, step_px: int, answer: Answer
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any], int]:
    """Cut patches that have an answer; also count those that are to learn from."""
    images, targets, n_pool = [], [], 0
    for split in ("train", "val", "test"):
        for scene, labels in _scenes(data / "camvid", split):
            for box in _boxes(labels.shape, side_px, step_px):
                found = answer(labels[box])
                if found is not None:
                    images.append(scene[box])
                    targets.append(found)
        n_pool = n_pool if split == "test" else len(images)
    return np.stack(images), np.array(targets), n_pool


def _scenes(folder: Path, split: str) -> Iterator[tuple[npt.NDArray[np.uint8], ...]]:
    for path in sorted((folder / split).glob("*.png")):
        with (
            Image.open(path) as scene,
            Image.open(folder / f"{split}annot" / path.name) as labels,
        ):
            yield np.asarray(scene.convert("RGB")), np.asarray(labels)


def _boxes(
    shape: tuple[int, ...], side_px: int, step_px: int
) -> Iterator[tuple[slice, slice]]:
    for top in range(0, shape[0] - side_px + 1, step_px):
        for left in range(0, shape[1] - side_px + 1, step_px):
            yield slice(top, top + side_px), slice(left, left + side_px)


def _dominant(labels: npt.NDArray[np.uint8]) -> str | None:
    counts = np.bincount(labels.ravel(), minlength=VOID + 1)[:VOID]
    winner = int(counts.argmax())
    is_clear = counts[winner] > DOMINANT * labels.size
    return CLASSES.get(winner) if is_clear else None


def _share_of_trees(labels: npt.NDArray[np.uint8]) -> float | None:
    share = float((labels == TREE).mean())
    return share if share > _MIN_TREE else None
