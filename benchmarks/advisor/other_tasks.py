"""Tasks on images that are no photos of things: sounds, smears, digits, dots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits
from spectrograms import read_spoken_digits

from advisor.task import Task, judged, split_off

FEW, MANY = 10, 12  # red cells: up to, and from
DOTS = (1, 2, 3, 4, 5)
DOTS_SIDE = 96
_N_TEST_RECORDINGS = 5  # the numbers below it are the set's own test


def spoken(data: Path, asked: str) -> Task:
    """Tell the digit or the speaker from a recording's spectrogram."""
    folder = data / "spoken_digits" / "recordings"
    found = read_spoken_digits(folder)
    labels = {"digit": found.digits, "speaker": found.speakers}[asked]
    paths = sorted(folder.glob("*_*_*.wav"))
    numbers = np.array([int(path.stem.split("_")[2]) for path in paths])
    is_test = numbers < _N_TEST_RECORDINGS
    return Task(
        asked,
        "spoken_digits",
        False,
        "light",
        found.images,
        labels,
        np.flatnonzero(~is_test),
        judged(labels, np.flatnonzero(is_test)),
    )


def red_cells(data: Path) -> Task:
    """Count the red cells of a blood smear."""
    paths, table = _smears(data)
    counts = table["n_rbc"].to_numpy(dtype=float)
    return _smear_task("red_cells", paths, counts, table, kind="regression")


def few_or_many(data: Path) -> Task:
    """Tell blood smears with few red cells from those with many."""
    paths, table = _smears(data)
    counts = table["n_rbc"].to_numpy()
    kept = (counts <= FEW) | (counts >= MANY)
    labels = np.where(counts <= FEW, "few", "many")
    return _smear_task("few_or_many", paths[kept], labels[kept], table[kept])


def has_platelets(data: Path) -> Task:
    """Tell whether a blood smear has platelets."""
    paths, table = _smears(data)
    labels = np.where(table["n_platelets"] > 0, "some", "none")
    return _smear_task("has_platelets", paths, labels, table)


def small_digits(data: Path) -> Task:
    """Tell handwritten digits of 8 x 8 pixels, which scikit-learn brings along."""
    del data
    found = load_digits()
    images = (found.images * (255 / 16)).round().astype(np.uint8).repeat(8, 1)
    pool, test = split_off(found.target, 30)
    args = ("small_digits", "digits", False, "light", images.repeat(8, 2))
    return Task(*args, found.target.astype(str), pool, test)


def dots(data: Path) -> Task:
    """Count discs of all sizes and colours on noise: from one to five."""
    del data
    random = np.random.default_rng(0)
    counts = np.tile(DOTS, 160)
    images = np.stack([_draw_dots(int(count), random) for count in counts])
    pool, test = split_off(counts, 60)
    labels = counts.astype(str)
    return Task("dots", "dots", False, "standard", images, labels, pool, test)


def _smears(data: Path) -> tuple[npt.NDArray[Any], pd.DataFrame]:
    folder = data / "blood_cells_bccd"
    table = pd.read_csv(folder / "manifest.csv")
    paths = [str(folder / "images" / name) for name in table["image"]]
    return np.array(paths, dtype=object), table


def _smear_task(
    name: str,
    paths: npt.NDArray[Any],
    targets: npt.NDArray[Any],
    table: pd.DataFrame,
    **more: Any,
) -> Task:
    is_train = (table["split"] == "train").to_numpy()
    pool, test = np.flatnonzero(is_train), np.flatnonzero(~is_train)
    return Task(name, "smears", False, "standard", paths, targets, pool, test, **more)


def _draw_dots(count: int, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Draw discs that do not touch one another."""
    noise = random.normal(128, 30, (DOTS_SIDE, DOTS_SIDE, 3))
    picture = Image.fromarray(noise.clip(0, 255).astype(np.uint8))
    draw, placed = ImageDraw.Draw(picture), np.empty((0, 3))
    while len(placed) < count:
        radius = random.integers(4, 13)
        x, y = random.integers(radius, DOTS_SIDE - radius, 2)
        distances = np.hypot(placed[:, 0] - x, placed[:, 1] - y)
        if (distances <= placed[:, 2] + radius + 2).any():
            continue
        placed = np.vstack([placed, (x, y, radius)])
        colour = tuple(random.integers(0, 256, 3).tolist())
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return np.asarray(picture)
