"""How many images this process has sent through networks."""

from __future__ import annotations

import threading

_lock = threading.Lock()
_n_forwarded = 0


def images_forwarded() -> int:
    """How many images this process has sent through networks so far.

    Each image counts once a pass: an epoch of fine-tuning over 100 images counts 100.
    """
    return _n_forwarded


def count_forwarded(n_images: int) -> None:
    """Add to the count of `images_forwarded`."""
    global _n_forwarded
    with _lock:
        _n_forwarded += n_images
