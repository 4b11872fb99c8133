"""The pixels that training reads again and again: decoded once where they fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hybridml.backbones.spec import Preprocessing
from hybridml.backbones.workers import count_workers, single_threaded_workers
from hybridml.images.batch import load_batch
from hybridml.images.failures import raise_bad_images

_MAX_KEPT_BYTES = 4 * 2**30
_DECODE_AT_ONCE = 256


class Pixels:
    """Square uint8 images, large enough to crop from, by position.

    Up to 4 GiB they are decoded once and kept; beyond that, decoded when asked for.

    Parameters
    ----------
    images : ndarray of shape (n_images, ...)
        As `hybridml.images.as_images` returns them.
    chosen : ndarray of int or None, default=None
        Positions of those that are ever asked for; None for all.
    preprocessing : Preprocessing
        Images are resized as it says, and the squares are about as large as `resize`.
    n_jobs : int or None
        Decoding threads; None for one a core.

    Raises
    ------
    ImageDecodeError
        Naming every image that cannot be decoded; where they are not kept, those
        among the ones asked for.
    """

    def __init__(
        self,
        images: npt.NDArray[Any],
        preprocessing: Preprocessing,
        *,
        chosen: npt.NDArray[np.intp] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self._images = images
        self.chosen = np.arange(len(images)) if chosen is None else chosen
        self._preprocessing = preprocessing
        self._n_workers = count_workers(n_jobs)
        # Halves are rounded to even numbers: only a margin of a multiple of 4 makes the
        # later centre crop the same as one from the whole image.
        margin = max(0, preprocessing.resize - preprocessing.crop) // 4 * 4
        self._side = side = preprocessing.crop + margin
        self._shape = (side, side, preprocessing.channels)
        fits = len(self.chosen) * math.prod(self._shape) <= _MAX_KEPT_BYTES
        self._rows = np.zeros(
            len(images), dtype=np.intp
        )  # of those decoded, by position
        self._rows[self.chosen] = np.arange(len(self.chosen))
        self._kept = self._decode_all() if fits else None

    def __len__(self) -> int:
        return len(self._images)

    def take(self, positions: Sequence[int] | npt.NDArray[np.intp]) -> Tensor:
        """Return the images at some positions, (n, channels, side, side), uint8."""
        chosen = np.asarray(positions, dtype=np.intp)
        if self._kept is not None:
            pixels = self._kept[self._rows[chosen]]
        else:
            with single_threaded_workers(self._n_workers) as threads:
                pixels, failures = self._load(chosen, threads)
            raise_bad_images(
                {int(chosen[i]): reason for i, reason in failures.items()}, self._images
            )
        return torch.from_numpy(pixels).permute(0, 3, 1, 2)

    def _decode_all(self) -> npt.NDArray[np.uint8]:
        pixels = np.empty((len(self.chosen), *self._shape), dtype=np.uint8)
        bad: dict[int, str] = {}
        with single_threaded_workers(self._n_workers) as threads:
            for start in range(0, len(pixels), _DECODE_AT_ONCE):
                rows = slice(start, start + _DECODE_AT_ONCE)
                part = self.chosen[rows]
                pixels[rows], failures = self._load(part, threads)
                bad |= {int(part[i]): reason for i, reason in failures.items()}
        raise_bad_images(bad, self._images)
        return pixels

    def _load(
        self, positions: npt.NDArray[np.intp], threads: ThreadPoolExecutor
    ) -> tuple[npt.NDArray[np.uint8], dict[int, str]]:
        return load_batch(
            [self._images[i] for i in positions],
            resize=self._preprocessing.resize,
            crop=self._side,
            interpolation=self._preprocessing.interpolation,
            channels=self._preprocessing.channels,
            executor=threads,
        )
