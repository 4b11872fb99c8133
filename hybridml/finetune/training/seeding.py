"""Every random number of a training run comes from one seed and from what it is for.

Not from the numbers drawn before: a run that is resumed draws what it would have drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def seed_for(seed: int, purpose: str, number: int = 0) -> int:
    """Derive the seed of one purpose ("order", "view" ...), for an epoch, say."""
    entropy = [seed, zlib.crc32(purpose.encode()), number]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)


def generator_for(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """Make a generator on the CPU for one purpose."""
    return torch.Generator().manual_seed(seed_for(seed, purpose, number))


def reseed(seed: int, device: torch.device) -> None:
    """Seed the global generators that a device draws from.

    `torch.manual_seed` also notes down, with a stack trace each time, that GPUs nobody
    has used yet are to be seeded.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed_all(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators within a block; outside they stay as they were."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
