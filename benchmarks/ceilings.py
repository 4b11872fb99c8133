"""What extraction cannot be faster than: its network alone, and its decoding alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from hybridml.backbones.network import Network
from hybridml.backbones.workers import count_workers, single_threaded_workers
from hybridml.images import load_batch


def decode_only(network: Network, paths: list[str]) -> np.ndarray:
    """Decode photos for a network, in a pool of single-threaded workers."""
    seen = network.preprocessing
    decode = partial(
        load_batch, resize=seen.resize, crop=seen.crop, interpolation=seen.interpolation
    )
    with single_threaded_workers(count_workers(None)) as workers:
        chunks = list(workers.map(decode, _chunks(network, paths)))
    if any(failures for _, failures in chunks):
        raise SystemExit("Some photos cannot be decoded.")
    return np.concatenate([pixels for pixels, _ in chunks])


def network_only(network: Network, pixels: np.ndarray) -> np.ndarray:
    """Run the network on what was decoded beforehand, on a CPU in all workers."""
    stages = (network.find("penultimate"),)
    run = partial(network.chunk_features, stages=stages, pooling="mean")
    chunks = _chunks(network, pixels)
    if network.device.type != "cpu":
        return np.concatenate([run(chunk) for chunk in chunks])
    with single_threaded_workers(count_workers(None)) as workers:
        return np.concatenate(list(workers.map(run, chunks)))


def combined(
    network_s: Sequence[float], decode_s: Sequence[float], device: str
) -> list[float]:
    """Seconds that both take, round by round.

    They share the cores of a CPU: as many images a second as 1 / (1 / network + 1 /
    decode). Another device works while the cores decode: the slower one decides.
    """
    joined: Any = sum if device == "cpu" else max
    return [joined(pair) for pair in zip(network_s, decode_s, strict=True)]


def _chunks(network: Network, images: Any) -> list[Any]:
    size = network.n_rows
    return [images[start : start + size] for start in range(0, len(images), size)]
