"""How many threads linear algebra takes for problems as small as a head's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let linear algebra run in one thread meanwhile.

    The products of a head's solver take microseconds each: a second thread gains
    little, and where the cores are busy, waiting for it costs a hundred times the work.
    """
    with threadpool_limits(1, user_api="blas"):
        yield
