"""The tracker for those who want none."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path


class NullTracker:
    """Records nothing.

    Examples
    --------
    >>> with NullTracker().run("fit") as run:
    ...     run.log_metrics({"accuracy": 0.9})
    """

    def run(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[NullRun]:
        """Open a run that records nothing."""
        return nullcontext(NullRun())

    def where(self) -> str:
        """Say that nothing is recorded."""
        return "nowhere (tracking is off)"


class NullRun:
    """A run that records nothing."""

    def log_params(self, params: Mapping[str, object]) -> None:
        """Do nothing."""

    def log_metrics(
        self, metrics: Mapping[str, float], step: int | None = None
    ) -> None:
        """Do nothing."""

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Do nothing."""

    def log_dataset(self, name: str, digest: str, facts: Mapping[str, object]) -> None:
        """Do nothing."""

    def log_text(self, text: str, file_name: str) -> None:
        """Do nothing."""

    def log_file(self, path: str | Path) -> None:
        """Do nothing."""

    def child(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[NullRun]:
        """Open a run that records nothing."""
        return nullcontext(self)
