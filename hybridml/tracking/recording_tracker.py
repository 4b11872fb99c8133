"""The tracker for tests: what would be recorded, as plain Python values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from hybridml.tracking._files import existing_file
from hybridml.tracking._run_block import RunBlock
from hybridml.tracking.protocol import RunStatus


class RecordingTracker:
    """Keeps everything in memory, in place of a tracking server.

    Attributes
    ----------
    runs : list of RecordedRun
        The top-level runs in the order in which they were opened.

    Examples
    --------
    >>> tracker = RecordingTracker()
    >>> with tracker.run("compare") as run, run.child("case 1") as child:
    ...     child.log_metrics({"accuracy": 0.9})
    >>> tracker.runs[0].children[0].metrics
    [('accuracy', 0.9, None)]
    >>> [recorded.name for recorded in tracker.all_runs()]
    ['compare', 'case 1']
    """

    def __init__(self) -> None:
        self.runs: list[RecordedRun] = []

    def run(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[RecordedRun]:
        """Open a top-level run."""
        return _open(self.runs, name, tags)

    def where(self) -> str:
        """Say that the runs are in memory."""
        return "in memory"

    def all_runs(self) -> Iterator[RecordedRun]:
        """Go through all the runs, each before its children."""
        waiting = self.runs[::-1]
        while waiting:
            run = waiting.pop()
            yield run
            waiting.extend(run.children[::-1])


@dataclass
class RecordedRun:
    """All that one run was told.

    Attributes
    ----------
    name : str
        As given.
    tags : dict of {str: str}
        The last value of each tag.
    params : dict of {str: object}
        As given, not turned to text.
    metrics : list of (str, float, int or None)
        Name, value and step, in the order in which they came.
    datasets : list of (str, str, dict of {str: object})
        Name, digest and facts of each.
    texts : dict of {str: str}
        Each text by its file name.
    files : list of Path
        Paths of the files; they are not copied.
    children : list of RecordedRun
        The runs below, in the order in which they were opened.
    status : {"RUNNING", "FINISHED", "FAILED", "KILLED"}
        How the run's block was left, or that it was not left yet.
    """

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, object] = field(default_factory=dict)
    metrics: list[tuple[str, float, int | None]] = field(default_factory=list)
    datasets: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    children: list[RecordedRun] = field(default_factory=list)
    status: RunStatus = "RUNNING"

    def log_params(self, params: Mapping[str, object]) -> None:
        """Keep the settings."""
        self.params.update(params)

    def log_metrics(
        self, metrics: Mapping[str, float], step: int | None = None
    ) -> None:
        """Keep the numbers."""
        self.metrics += [(name, float(value), step) for name, value in metrics.items()]

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Keep the tags."""
        self.tags.update(tags)

    def log_dataset(self, name: str, digest: str, facts: Mapping[str, object]) -> None:
        """Keep name, digest and facts."""
        self.datasets.append((name, digest, dict(facts)))

    def log_text(self, text: str, file_name: str) -> None:
        """Keep the text."""
        self.texts[file_name] = text

    def log_file(self, path: str | Path) -> None:
        """Keep the path."""
        self.files.append(existing_file(path))

    def child(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[RecordedRun]:
        """Open a run below this one."""
        return _open(self.children, name, tags)


def _open(
    siblings: list[RecordedRun], name: str, tags: Mapping[str, str] | None
) -> RunBlock[RecordedRun]:
    def start() -> RecordedRun:
        siblings.append(RecordedRun(name, tags=dict(tags or {})))
        return siblings[-1]

    def end(run: RecordedRun, status: RunStatus) -> None:
        run.status = status

    return RunBlock(start, end)
