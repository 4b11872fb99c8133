"""Tasks on photos of things: some ask what ImageNet asks, some do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageFilter

from advisor.task import Task, judged
from hybridml import load_image_folder

SIDE = 160  # of photos that are turned or blurred
BLURS_PX = (0.0, 0.8, 1.6)
FASHION = ("articleType", "gender", "season", "usage", "baseColour")
_RARE = 75  # images: rarer values of an attribute are left out
# The question of the colour goes with the light; of the others a flip leaves it alone.
_AUGMENTATIONS = {"baseColour": "light"}


def species(data: Path) -> Task:
    """Tell cats from dogs."""
    paths, labels, pool, test = _cats_and_dogs(data)
    return Task("species", "cats_vs_dogs", True, "standard", paths, labels, pool, test)


def rotation(data: Path) -> Task:
    """Tell by how far the photo of a cat or dog was turned, to the left."""
    paths, _, pool, test = _cats_and_dogs(data)
    labels = np.random.default_rng(0).choice(["0", "90", "180", "270"], len(paths))
    images = np.stack(
        [
            np.rot90(_square(path), int(label) // 90)
            for path, label in zip(paths, labels, strict=True)
        ]
    )
    return Task("rotation", "cats_vs_dogs", False, "light", images, labels, pool, test)


def blur(data: Path) -> Task:
    """Tell how strongly the photo of a cat or dog was blurred."""
    paths, _, pool, test = _cats_and_dogs(data)
    radii_px = np.random.default_rng(1).choice(BLURS_PX, len(paths))
    images = np.stack(
        [
            _blurred(_square(path), float(radius_px))
            for path, radius_px in zip(paths, radii_px, strict=True)
        ]
    )
    labels = radii_px.astype(str)
    return Task("blur", "cats_vs_dogs", False, "standard", images, labels, pool, test)


def fashion(data: Path, attribute: str) -> Task:
    """Tell an attribute of a product from its photo; rare values are left out."""
    folder = data / "fashion_multimodal"
    table = pd.read_csv(folder / "manifest.csv").dropna(subset=[attribute])
    counts = table[attribute].value_counts()
    frequent = counts.index[counts >= _RARE]
    table = table[table[attribute].isin(frequent)].reset_index(drop=True)
    labels = table[attribute].to_numpy(dtype=str)
    is_test = (table["split"] == "test").to_numpy()
    return Task(
        attribute,
        "fashion",
        attribute != "baseColour",
        _AUGMENTATIONS.get(attribute, "standard"),
        np.array([str(folder / name) for name in table["image"]], dtype=object),
        labels,
        np.flatnonzero(~is_test),
        judged(labels, np.flatnonzero(is_test)),
    )


def _cats_and_dogs(data: Path) -> tuple[npt.NDArray[Any], ...]:
    """Paths, labels, and positions of the pool and of the test."""
    parts = [load_image_folder(data / "cats_vs_dogs" / p) for p in ("train", "val")]
    paths = np.array([path for part, _ in parts for path in part], dtype=object)
    labels = np.concatenate([labels for _, labels in parts])
    n_train = len(parts[0][0])
    every = np.arange(len(paths))
    return paths, labels, every[:n_train], every[n_train:]


def _square(path: str) -> npt.NDArray[np.uint8]:
    """Read the middle of a photo, SIDE pixels high and wide."""
    with Image.open(path) as photo:
        width, height = photo.size
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        box = (left, top, left + side, top + side)
        size, how = (SIDE, SIDE), Image.Resampling.BICUBIC
        return np.asarray(photo.convert("RGB").resize(size, how, box))


def _blurred(pixels: npt.NDArray[np.uint8], radius_px: float) -> npt.NDArray[np.uint8]:
    return np.asarray(
        Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius_px))
    )
