"""The things that can be told to a tracker, each as a plain dictionary.

A run is known by a key of its own, before MLflow has given it a name and without it.
Times are those at which the thing was told, however late it arrives.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

# The tag by which a run is found again, so that none is ever created twice.
KEY_TAG = "hybridml.run_key"

Record = dict[str, Any]
MetricValue = tuple[str, float, int, int]  # key, value, time in ms, step


def create_run(run: str, name: str, tags: Mapping[str, str], parent: str) -> Record:
    """Tell of a new run; `parent` is the key of the run above it, or empty."""
    told = {"op": "create", "run": run, "name": name, "parent": parent}
    return {**told, "tags": dict(tags), "time_ms": now_ms()}


def log_values(
    run: str,
    *,
    params: Mapping[str, str] | None = None,
    metrics: Sequence[MetricValue] = (),
    tags: Mapping[str, str] | None = None,
) -> Record:
    """Tell params, metrics and tags of a run."""
    told = {"op": "log", "run": run, "params": dict(params or {})}
    return {**told, "metrics": list(metrics), "tags": dict(tags or {})}


def log_dataset(run: str, about: Mapping[str, str]) -> Record:
    """Tell what a run learns from, in MLflow's words for it."""
    return {"op": "dataset", "run": run, "about": dict(about)}


def log_text(run: str, text: str, file_name: str) -> Record:
    """Tell a text that becomes a file of a run."""
    return {"op": "text", "run": run, "text": text, "file_name": file_name}


def log_file(run: str, path: str) -> Record:
    """Tell of a file of a run; `path` is that of its copy inside the journal."""
    return {"op": "file", "run": run, "path": path}


def end_run(run: str, status: str) -> Record:
    """Tell how a run ended."""
    return {"op": "end", "run": run, "status": status, "time_ms": now_ms()}


def now_ms() -> int:
    """Return the time of now as MLflow counts it."""
    return int(time.time() * 1000)
