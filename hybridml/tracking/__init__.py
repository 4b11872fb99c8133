"""Where experiments are recorded: nowhere, in memory, or in MLflow.

Trackers are passed in; nothing here keeps a current run or any other global state.
Every name's module is imported when the name is first used; MLflow itself only by the
process that sends to it. `track_search` records a scikit-learn search while it runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.tracking.journal.waiting import WaitingJournal, list_journals
    from hybridml.tracking.mlflow_tracker import MLflowTracker
    from hybridml.tracking.null_tracker import NullTracker
    from hybridml.tracking.protocol import Run, RunStatus, Tracker
    from hybridml.tracking.recording_tracker import RecordedRun, RecordingTracker
    from hybridml.tracking.searching.track_search import track_search
    from hybridml.tracking.sending.replaying import Replay, replay_journal

__all__ = [
    "MLflowTracker",
    "NullTracker",
    "RecordedRun",
    "RecordingTracker",
    "Replay",
    "Run",
    "RunStatus",
    "Tracker",
    "WaitingJournal",
    "list_journals",
    "replay_journal",
    "track_search",
]

_HOME = {
    "MLflowTracker": "hybridml.tracking.mlflow_tracker",
    "NullTracker": "hybridml.tracking.null_tracker",
    "RecordedRun": "hybridml.tracking.recording_tracker",
    "RecordingTracker": "hybridml.tracking.recording_tracker",
    "Replay": "hybridml.tracking.sending.replaying",
    "Run": "hybridml.tracking.protocol",
    "RunStatus": "hybridml.tracking.protocol",
    "Tracker": "hybridml.tracking.protocol",
    "WaitingJournal": "hybridml.tracking.journal.waiting",
    "list_journals": "hybridml.tracking.journal.waiting",
    "replay_journal": "hybridml.tracking.sending.replaying",
    "track_search": "hybridml.tracking.searching.track_search",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hybridml.tracking' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
