"""All the tasks by name, each made from a folder of data, the same every time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from advisor.other_tasks import (
    dots,
    few_or_many,
    has_platelets,
    red_cells,
    small_digits,
    spoken,
)
from advisor.photo_tasks import FASHION, blur, fashion, rotation, species
from advisor.road_tasks import patch_class, tree_share
from advisor.task import Task

READERS: dict[str, Callable[[Path], Task]] = {
    "species": species,
    "rotation": rotation,
    "blur": blur,
    **{name: partial(fashion, attribute=name) for name in FASHION},
    **{name: partial(spoken, asked=name) for name in ("digit", "speaker")},
    "red_cells": red_cells,
    "few_or_many": few_or_many,
    "has_platelets": has_platelets,
    "patch_class": patch_class,
    "tree_share": tree_share,
    "small_digits": small_digits,
    "dots": dots,
}


def read_task(name: str, data: Path) -> Task:
    """Make a task.

    Parameters
    ----------
    name : str
        A key of `READERS`.
    data : Path
        Folder with the data sets in it: cats_vs_dogs, fashion_multimodal,
        spoken_digits, blood_cells_bccd and camvid. "small_digits" and "dots" need none.
    """
    return READERS[name](data)
