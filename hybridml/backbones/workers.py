"""Threads that each run a network alone: the images are divided, not the operations.

As many threads as cores, each with images of its own, take less time than all cores on
one operation, which wait for each other dozens of times an image. It also keeps the
rounding of a row from depending on the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import joblib
import torch
from threadpoolctl import ThreadpoolController


def count_workers(n_jobs: int | None) -> int:
    """Turn `n_jobs` into a number of threads: None and -1 are one a usable core."""
    return joblib.cpu_count() if n_jobs in (None, -1) else int(n_jobs or 1)


def single_threaded_workers(n_workers: int) -> ThreadPoolExecutor:
    """Make a pool of threads, in each of which PyTorch uses that thread alone.

    The caller's own number of threads stays as it is.
    """
    return ThreadPoolExecutor(n_workers, "hybridml", initializer=_work_alone)


def _work_alone() -> None:
    torch.get_num_threads()  # PyTorch sets a thread up when it is first asked something
    _controller().limit(limits=1, user_api="openmp")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries: once is enough
