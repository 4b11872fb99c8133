"""A run in MLflow while it is being recorded."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

from hybridml._environment import git_commit
from hybridml.tracking import _mlflow_values as values
from hybridml.tracking._files import existing_file
from hybridml.tracking._run_block import RunBlock
from hybridml.tracking.journal import records
from hybridml.tracking.protocol import RunStatus
from hybridml.tracking.sending.outbox import Outbox
from hybridml.tracking.system_metrics import SystemMetrics


class MLflowRun:
    """A run in MLflow while it is being recorded.

    Parameters
    ----------
    outbox : Outbox
        Takes what is told.
    key : str
        By which the run is known before MLflow has a name for it.
    """

    def __init__(self, outbox: Outbox, key: str) -> None:
        self._outbox = outbox
        self._key = key

    @property
    def run_id(self) -> str | None:
        """MLflow's name for the run, waited for; None where the store has failed."""
        return self._outbox.run_id_of(self._key)

    def log_params(self, params: Mapping[str, object]) -> None:
        """Record settings, each once, as text."""
        clean = values.to_params(params)
        for batch in values.batches(clean.items(), values.PARAMS_PER_BATCH):
            self._outbox.post(records.log_values(self._key, params=dict(batch)))

    def log_metrics(
        self, metrics: Mapping[str, float], step: int | None = None
    ) -> None:
        """Record numbers with the time of now; without a `step` at step 0."""
        clean = values.to_metrics(metrics, step)
        for batch in values.batches(clean, values.METRICS_PER_BATCH):
            self._outbox.post(records.log_values(self._key, metrics=batch))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Record labels to search by."""
        clean = values.to_tags(tags)
        for batch in values.batches(clean.items(), values.PARAMS_PER_BATCH):
            self._outbox.post(records.log_values(self._key, tags=dict(batch)))

    def log_dataset(self, name: str, digest: str, facts: Mapping[str, object]) -> None:
        """Record what is learned from as an input of the run."""
        about = values.to_dataset(name, digest, facts)
        self._outbox.post(records.log_dataset(self._key, about))

    def log_text(self, text: str, file_name: str) -> None:
        """Record `text` as a file of this name."""
        name = values.clean_file_name(file_name)
        text = values.encodable(text)
        self._outbox.post(records.log_text(self._key, text, name))

    def log_file(self, path: str | Path) -> None:
        """Record a copy of the file at `path`, as it is now, under its own name."""
        found = existing_file(path)
        name = values.clean_file_name(found.name)
        self._outbox.post_file(self._key, found, name)

    def child(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[MLflowRun]:
        """Open a run below this one."""
        return RunBlock(
            lambda: _start(self._outbox, name, tags, self._key), MLflowRun.end
        )

    def end(self, status: RunStatus) -> None:
        """Record how and when the run ended."""
        self._outbox.post(records.end_run(self._key, status))


def top_level_run(
    outbox: Outbox,
    name: str,
    tags: Mapping[str, str] | None,
    *,
    system_metrics_s: float | None = None,
) -> RunBlock[MLflowRun]:
    """Return the block of a run below no other; when it is left, all was sent.

    With `system_metrics_s` the machine is looked at every so many seconds.
    """
    samplers: list[SystemMetrics] = []

    def start() -> MLflowRun:
        outbox.open_block()
        run = _start(outbox, name, tags, "")
        if system_metrics_s is not None:
            samplers.append(SystemMetrics(run.log_metrics, system_metrics_s))
            samplers[-1].start()
        return run

    def end(run: MLflowRun, status: RunStatus) -> None:
        for sampler in samplers:
            sampler.stop()
        run.end(status)
        outbox.close_block()

    return RunBlock(start, end)


def _start(
    outbox: Outbox, name: str, tags: Mapping[str, str] | None, parent: str
) -> MLflowRun:
    key = uuid4().hex
    name = values.shorten(values.storable(name), values.MAX_KEY_CHARACTERS)
    commit = "" if parent else git_commit()
    known = {"mlflow.source.git.commit": commit} if commit else {}
    told = values.run_tags({**known, **(tags or {})})
    outbox.post(records.create_run(key, name, told, parent))
    return MLflowRun(outbox, key)
