"""How a run ends: which status the ``with`` block leaves it in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Generic, TypeVar

from hybridml.tracking.protocol import RunStatus

RunT = TypeVar("RunT")


class RunBlock(AbstractContextManager[RunT], Generic[RunT]):
    """Starts a run on entry; ends it on exit with the status that fits.

    Parameters
    ----------
    start : callable
        Returns the started run.
    end : callable
        Takes the run and its final status.
    """

    def __init__(
        self, start: Callable[[], RunT], end: Callable[[RunT, RunStatus], None]
    ) -> None:
        self._start = start
        self._end = end

    def __enter__(self) -> RunT:
        self._run = self._start()
        return self._run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end(self._run, _status(kind))


def _status(kind: type[BaseException] | None) -> RunStatus:
    if kind is None:
        return "FINISHED"
    return "KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED"
