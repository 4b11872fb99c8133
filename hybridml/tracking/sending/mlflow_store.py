"""An MLflow store, and how each thing is told to it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock

from hybridml.tracking._mlflow_address import artifact_location, sqlite_path
from hybridml.tracking._mlflow_probe import why_unreachable
from hybridml.tracking._mlflow_values import current_user
from hybridml.tracking.journal.records import KEY_TAG, Record

# Without it, MLflow 3 shows pages for language models, which lack metrics.
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}


class MLflowStore:
    """Opens a store when it is first needed; whatever fails is raised as it is.

    Parameters
    ----------
    uri : str
        Its address.
    timeout_s : float
        How long it may take to answer, in seconds.

    Attributes
    ----------
    uri, timeout_s
        As given.
    was_reached : bool
        Whether it has ever answered.
    """

    def __init__(self, uri: str, timeout_s: float) -> None:
        self.uri = uri
        self.timeout_s = timeout_s
        self._client: Any = None
        self._experiment_ids: dict[str, str] = {}
        self.was_reached = False

    def reach(self) -> None:
        """Ask the store briefly whether it answers.

        Raises
        ------
        ConnectionError
            If it does not.
        """
        reason = why_unreachable(self.uri, self.timeout_s)
        if reason is not None:
            raise ConnectionError(reason)

    def open(self, experiment: str) -> str:
        """Return the id of an experiment, which is created where there is none."""
        if experiment not in self._experiment_ids:
            with _one_process_at_a_time(self.uri):
                self._experiment_ids[experiment] = self._find_experiment(experiment)
        self.was_reached = True
        return self._experiment_ids[experiment]

    def create_run(self, experiment: str, record: Record, parent_id: str) -> str:
        """Create a run with its own start time, and return MLflow's name for it."""
        tags = {**record["tags"], KEY_TAG: record["run"]}
        if parent_id:
            tags["mlflow.parentRunId"] = parent_id
        created = self._client.create_run(
            self.open(experiment),
            start_time=record["time_ms"],
            tags=tags,
            run_name=record["name"],
        )
        return str(created.info.run_id)

    def find_run(self, experiment: str, key: str) -> str | None:
        """Return MLflow's name for the run with a key; None where there is none."""
        wanted = f"tags.`{KEY_TAG}` = '{key}'"
        found = self._client.search_runs([self.open(experiment)], wanted, max_results=1)
        return str(found[0].info.run_id) if found else None

    def log_values(
        self,
        run_id: str,
        params: Mapping[str, str],
        metrics: Sequence[Sequence[Any]],
        tags: Mapping[str, str],
    ) -> None:
        """Record params, metrics and tags in one call."""
        from mlflow.entities import Metric, Param, RunTag

        self._client.log_batch(
            run_id,
            metrics=[Metric(*metric) for metric in metrics],
            params=[Param(*param) for param in params.items()],
            tags=[RunTag(*tag) for tag in tags.items()],
        )

    def log_dataset(self, run_id: str, about: Mapping[str, str]) -> None:
        """Record what a run learns from as its input."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        context = InputTag("mlflow.data.context", "training")
        self._client.log_inputs(run_id, [DatasetInput(Dataset(**about), [context])])

    def log_text(self, run_id: str, text: str, file_name: str) -> None:
        """Record a text as a file."""
        self._client.log_text(run_id, text, file_name)

    def log_file(self, run_id: str, path: Path) -> None:
        """Record a copy of a file."""
        self._client.log_artifact(run_id, str(path))

    def end_run(self, run_id: str, status: str, time_ms: int) -> None:
        """Record how and when a run ended."""
        self._client.set_terminated(run_id, status, time_ms)

    def _find_experiment(self, name: str) -> str:
        from mlflow.tracking import MlflowClient

        if self._client is None:
            self._client = MlflowClient(self.uri, registry_uri=self.uri)
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return _create_experiment(self._client, name, artifact_location(self.uri, name))


def _create_experiment(client: Any, name: str, location: str | None) -> str:
    from mlflow.exceptions import MlflowException

    try:
        created: str = client.create_experiment(
            name, artifact_location=location, tags=EXPERIMENT_TAGS
        )
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        created = client.get_experiment_by_name(name).experiment_id  # by someone else
    return created


def _one_process_at_a_time(uri: str) -> AbstractContextManager[Any]:
    # Two processes that create the tables of one new database spoil it for both.
    path = sqlite_path(uri)
    if path is None:
        return nullcontext()
    key = f"{current_user()}:{path}"
    name = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
    return FileLock(Path(tempfile.gettempdir()) / f"hybridml-{name}.lock", timeout=60)
