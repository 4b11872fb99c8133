"""The data sets that several benchmarks ask about, from a folder of yours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from spectrograms import read_spoken_digits

from hybridml import load_image_folder


class DataSet(NamedTuple):
    """Images, their targets, and what is predicted."""

    images: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    task: str


def read_cats_vs_dogs(data: Path) -> DataSet:
    """Read the photos of ``cats_vs_dogs``, train and val together."""
    parts = [load_image_folder(data / "cats_vs_dogs" / s) for s in ("train", "val")]
    paths, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    return DataSet(paths, labels, "classification")


def read_digits(data: Path) -> DataSet:
    """Draw the recordings of ``spoken_digits`` as spectrograms."""
    found = read_spoken_digits(data / "spoken_digits" / "recordings")
    return DataSet(found.images, found.digits, "classification")


def read_smears(data: Path) -> DataSet:
    """Read ``blood_cells_bccd``, with the number of red cells on each smear."""
    folder = data / "blood_cells_bccd"
    table = pd.read_csv(folder / "manifest.csv")
    paths = np.array([str(folder / "images" / name) for name in table["image"]])
    return DataSet(paths, table["n_rbc"].to_numpy(), "regression")


READERS: dict[str, Callable[[Path], DataSet]] = {
    "cats_vs_dogs": read_cats_vs_dogs,
    "spoken_digits": read_digits,
    "smears": read_smears,
}
