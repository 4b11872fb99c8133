"""What hybridml asks of a tracker: named runs, each with children, values and files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

RunStatus = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]


@runtime_checkable
class Run(Protocol):
    """One run while it is being recorded."""

    def log_params(self, params: Mapping[str, object]) -> None:
        """Record settings, each once, as text."""

    def log_metrics(
        self, metrics: Mapping[str, float], step: int | None = None
    ) -> None:
        """Record numbers, at a `step` (an epoch, say) where they form a curve."""

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Record labels to search by; a tag set again takes the new value."""

    def log_dataset(self, name: str, digest: str, facts: Mapping[str, object]) -> None:
        """Record what is learned from: a name, a digest of its content, and facts.

        Facts, such as the number of images in each class, are plain JSON values.
        """

    def log_text(self, text: str, file_name: str) -> None:
        """Record `text` as a file of this name; it may name folders: "plots/a.svg"."""

    def log_file(self, path: str | Path) -> None:
        """Record a copy of the file at `path` under its own name.

        Raises
        ------
        FileNotFoundError
            If there is no such file (not by trackers that record nothing).
        """

    def child(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Run]:
        """Open a run below this one, with the same rules as `Tracker.run`."""
        ...


@runtime_checkable
class Tracker(Protocol):
    """Something that records runs.

    A tracker is there to tell about the work and never stops it: what it cannot record
    it warns about (`hybridml.exceptions.TrackingWarning`), once.
    """

    def run(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Run]:
        """Open a run for the length of a ``with`` block.

        It ends with the status "FINISHED", or "KILLED" where the block is left by
        KeyboardInterrupt, or "FAILED" where it is left by any other exception, which
        then goes on.
        """
        ...

    def where(self) -> str:
        """Say in words where the runs are recorded."""
        ...
