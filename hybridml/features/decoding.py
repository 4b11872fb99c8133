"""Decoding images in threads, one batch ahead of the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.backbones.spec import Preprocessing
from hybridml.images.batch import load_batch

Images = npt.NDArray[Any]
Batch = tuple[npt.NDArray[np.intp], npt.NDArray[np.uint8], dict[int, str]]


def decode_ahead(
    images: Images,
    positions: Sequence[int],
    preprocessing: Preprocessing,
    *,
    batch_size: int,
    threads: ThreadPoolExecutor,
) -> Iterator[Batch]:
    """Decode images batch by batch, the next batch while the last one is used.

    Yields
    ------
    positions : ndarray of shape (n,), int
    pixels : ndarray of shape (n, crop, crop, channels), uint8
    failures : dict of {int: str}
        By place in the batch; the pixels of those images are zero.
    """

    def load(batch: npt.NDArray[np.intp]) -> Batch:
        pixels, failures = load_batch(
            [images[i] for i in batch],
            resize=preprocessing.resize,
            crop=preprocessing.crop,
            interpolation=preprocessing.interpolation,
            channels=preprocessing.channels,
            executor=threads,
        )
        return batch, pixels, failures

    wanted = np.asarray(positions, dtype=np.intp)
    batches = [wanted[i : i + batch_size] for i in range(0, len(wanted), batch_size)]
    with ThreadPoolExecutor(1) as ahead:
        coming = None
        for batch in batches:
            previous, coming = coming, ahead.submit(load, batch)
            if previous is not None:
                yield previous.result()
        if coming is not None:
            yield coming.result()
