"""The JPEG files that the benchmarks read: a folder of your own, or generated ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from hybridml import load_image_folder

N_GENERATED = 256
TYPICAL = (500, 375)  # width and height of photos in the cats and dogs data set


def photo_files(
    folder: Path | None, n_photos: int | None, scratch: Path
) -> tuple[list[str], list[str]]:
    """List photos and their classes.

    Parameters
    ----------
    folder : Path or None
        One folder per class; None generates photos in `scratch`.
    n_photos : int or None
        Of a folder, so many are taken, all classes alike as far as they go. None takes
        all of them, or generates 256.
    scratch : Path
        An existing folder that may be filled.
    """
    if folder is None:
        return generate_photos(N_GENERATED if n_photos is None else n_photos, scratch)
    paths, labels = load_image_folder(folder)
    in_class = pd.Series(labels).groupby(labels).cumcount().to_numpy()
    taken = np.argsort(in_class, kind="stable")[:n_photos]
    return [paths[i] for i in taken], [str(labels[i]) for i in taken]


def generate_photos(
    n_photos: int, folder: Path, size: tuple[int, int] = TYPICAL, seed: int = 0
) -> tuple[list[str], list[str]]:
    """Save smooth coloured noise with fine grain; classes differ in scale, weakly."""
    random = np.random.default_rng(seed)
    paths, labels = [], []
    for number in range(n_photos):
        is_fine = number % 2
        cells = random.integers(0, 256, (8 + 4 * is_fine, 10 + 5 * is_fine, 3))
        coarse = Image.fromarray(cells.astype(np.uint8))
        smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))
        grainy = smooth + random.normal(0, 8, smooth.shape)
        path = folder / f"{number:06d}.jpg"
        Image.fromarray(grainy.clip(0, 255).astype(np.uint8)).save(path, quality=90)
        paths.append(str(path))
        labels.append("fine" if is_fine else "coarse")
    return paths, labels
