"""The tracker that records in MLflow, and survives its absence."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import metadata
from pathlib import Path

from hybridml._checks import Problems, is_number
from hybridml.tracking import _mlflow_values as values
from hybridml.tracking._files import existing_file
from hybridml.tracking._mlflow_address import describe_place, without_password
from hybridml.tracking._mlflow_connection import MLflowConnection
from hybridml.tracking._run_block import RunBlock
from hybridml.tracking.protocol import RunStatus


class MLflowTracker:
    """Records runs in an MLflow store or server.

    It sets no global MLflow state: whatever else a program does with MLflow goes on
    undisturbed. A store that cannot be reached, or dies on the way, is warned about
    once (`hybridml.exceptions.TrackingWarning`); after that nothing is recorded, and
    the work goes on.

    Parameters
    ----------
    tracking_uri : str or None, default=None
        Address of the store: "http://127.0.0.1:5000", "sqlite:///mlflow.db",
        "postgresql://...". None stands for the environment variable
        MLFLOW_TRACKING_URI and, where that is not set, for a SQLite database in the
        working folder: "mlflow.db", with the files beside it in "mlruns".
    experiment : str, default="hybridml"
        The experiment to record in; created where it does not exist.
    timeout_s : float, default=5.0
        How long the store may take to answer, in seconds, before it is given up.

    Raises
    ------
    ImportError
        If MLflow is not installed.
    InvalidParameterError
        If a parameter has a wrong value.

    Notes
    -----
    Names of params, metrics and tags that MLflow does not take are changed: other
    characters than letters, digits and ``_./ -`` become "_". A param longer than 6,000
    characters is cut. A new SQLite store takes some seconds to set up.

    Examples
    --------
    >>> tracker = MLflowTracker("http://127.0.0.1:5000")
    >>> tracker.where()
    "MLflow at http://127.0.0.1:5000, experiment 'hybridml'"
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        experiment: str = "hybridml",
        *,
        timeout_s: float = 5.0,
    ) -> None:
        _check_installed()
        problems = Problems("MLflowTracker")
        is_uri = tracking_uri is None or isinstance(tracking_uri, str)
        problems.expect(is_uri, "tracking_uri", tracking_uri, "an address or None")
        is_named = isinstance(experiment, str) and bool(experiment.strip())
        problems.expect(is_named, "experiment", experiment, "a name")
        is_time = is_number(timeout_s, low=0.001)
        problems.expect(is_time, "timeout_s", timeout_s, "a positive number of seconds")
        problems.raise_all()
        self.experiment = experiment
        self._connection = MLflowConnection(tracking_uri, experiment, timeout_s)

    def run(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[MLflowRun]:
        """Open a top-level run for the length of a ``with`` block."""
        return _open(self._connection, name, tags, parent_run_id=None)

    def where(self) -> str:
        """Say in words where the runs are recorded, and how to look at them."""
        if self._connection.has_failed:
            address = without_password(self._connection.uri)
            return f"nowhere, or not all of it: MLflow at {address} failed"
        return f"{describe_place(self._connection.uri)}, experiment {self.experiment!r}"


class MLflowRun:
    """A run in MLflow while it is being recorded.

    Attributes
    ----------
    run_id : str or None
        MLflow's name for it; None where it could not be created and records nothing.
    """

    def __init__(self, connection: MLflowConnection, run_id: str | None) -> None:
        self.run_id = run_id
        self._connection = connection

    def log_params(self, params: Mapping[str, object]) -> None:
        """Record settings, each once, as text."""
        entities = values.to_params(params) if self.run_id else []
        for batch in values.batches(entities, values.PARAMS_PER_BATCH):
            self._attempt("log_batch", params=batch)

    def log_metrics(
        self, metrics: Mapping[str, float], step: int | None = None
    ) -> None:
        """Record numbers with the time of now; without a `step` at step 0."""
        entities = values.to_metrics(metrics, step) if self.run_id else []
        for batch in values.batches(entities, values.METRICS_PER_BATCH):
            self._attempt("log_batch", metrics=batch)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Record labels to search by."""
        entities = values.to_tags(tags) if self.run_id else []
        for batch in values.batches(entities, values.PARAMS_PER_BATCH):
            self._attempt("log_batch", tags=batch)

    def log_text(self, text: str, file_name: str) -> None:
        """Record `text` as a file of this name."""
        self._attempt("log_text", text, file_name)

    def log_file(self, path: str | Path) -> None:
        """Record a copy of the file at `path` under its own name."""
        self._attempt("log_artifact", str(existing_file(path)))

    def child(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[MLflowRun]:
        """Open a run below this one."""
        return _open(self._connection, name, tags, parent_run_id=self.run_id)

    def end(self, status: RunStatus) -> None:
        """Record how and when the run ended."""
        self._attempt("set_terminated", status)

    def _attempt(self, method: str, *args: object, **kwargs: object) -> None:
        run_id = self.run_id
        if run_id is not None:
            self._connection.attempt(
                lambda client, _: getattr(client, method)(run_id, *args, **kwargs)
            )


def _open(
    connection: MLflowConnection,
    name: str,
    tags: Mapping[str, str] | None,
    parent_run_id: str | None,
) -> RunBlock[MLflowRun]:
    def start() -> MLflowRun:
        all_tags = values.run_tags(tags, parent_run_id)
        run_name = values.shorten(name, values.MAX_KEY_CHARACTERS)
        created = connection.attempt(
            lambda client, experiment_id: client.create_run(
                experiment_id, tags=all_tags, run_name=run_name
            )
        )
        return MLflowRun(connection, created.info.run_id if created else None)

    return RunBlock(start, MLflowRun.end)


def _check_installed() -> None:
    # `import mlflow` would also succeed on any bare folder of that name.
    try:
        metadata.version("mlflow")
    except metadata.PackageNotFoundError as error:
        raise ImportError(
            "MLflowTracker needs mlflow, which is not installed. Install it "
            "with `pip install mlflow`, or use NullTracker()."
        ) from error
