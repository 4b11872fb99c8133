"""The tracker that records in MLflow, and survives its absence."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import metadata
from pathlib import Path

from hybridml._checks import Problems, is_number
from hybridml.tracking.mlflow_run import MLflowRun, top_level_run
from hybridml.tracking.sending.outbox import Outbox
from hybridml.tracking.system_metrics import require_psutil


class MLflowTracker:
    """Records runs in an MLflow store or server.

    What is told is written to a journal, and a process of its own sends it from there,
    in order and about every half second. The work waits for it only at the end of each
    top-level run; when all has arrived, the journal is removed. A store that cannot be
    reached, or dies on the way and stays away, is warned about once
    (`hybridml.exceptions.TrackingWarning`), and the work goes on. Its journal is then
    kept: ``hybridml track replay``, or `replay_journal`, sends it later.

    It sets no global MLflow state, and does not even load MLflow: whatever else a
    program does with MLflow goes on undisturbed.

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
        How long the store may take to answer, in seconds, and how long a store that
        was there before is tried again, before it is given up.
    journal : str, Path or None, default=None
        Folder in which journals are kept. None stands for the one named by the
        environment variable HYBRIDML_JOURNAL and, where that is not set, for one in
        the user's state folder.

    system_metrics_s : float or None, default=None
        Record use of processor, memory, disk and network on each top-level run, every
        so many seconds; needs ``pip install "hybridml[system]"``. None records none.

    Raises
    ------
    ImportError
        If MLflow, or psutil where it is needed, is not installed.
    InvalidParameterError
        If a parameter has a wrong value.

    Notes
    -----
    Names of params, metrics and tags that MLflow does not take are changed: other
    characters than letters, digits and ``_./ -`` become "_". So do, in the names of
    files, those that have a meaning in addresses, such as "#". A param longer than
    6,000 characters is cut. A new SQLite store takes some seconds to set up. Each run
    has the tag "hybridml.run_key", by which it is found again when a journal is
    replayed, and a top-level run the git commit of the working folder. Passwords in an
    address are not written to the journal.

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
        journal: str | Path | None = None,
        system_metrics_s: float | None = None,
    ) -> None:
        _check_installed()
        problems = Problems("MLflowTracker")
        is_uri = tracking_uri is None or isinstance(tracking_uri, str)
        problems.expect(is_uri, "tracking_uri", tracking_uri, "an address or None")
        is_named = isinstance(experiment, str) and bool(experiment.strip())
        problems.expect(is_named, "experiment", experiment, "a name")
        is_time = is_number(timeout_s, low=0.001)
        problems.expect(is_time, "timeout_s", timeout_s, "a positive number of seconds")
        is_folder = journal is None or (isinstance(journal, str | Path) and journal)
        problems.expect(bool(is_folder), "journal", journal, "a folder or None")
        is_span = system_metrics_s is None or is_number(system_metrics_s, low=0.001)
        expected = "a positive number of seconds, or None"
        problems.expect(is_span, "system_metrics_s", system_metrics_s, expected)
        problems.raise_all()
        if system_metrics_s is not None:
            require_psutil()
        self.system_metrics_s = system_metrics_s
        self.experiment = experiment
        folder = None if journal is None else Path(journal).absolute()
        self._outbox = Outbox(tracking_uri, experiment, timeout_s, folder)

    def run(
        self, name: str, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[MLflowRun]:
        """Open a top-level run for the length of a ``with`` block."""
        return top_level_run(
            self._outbox, name, tags, system_metrics_s=self.system_metrics_s
        )

    def where(self) -> str:
        """Say in words where the runs are recorded, and how to look at them."""
        return self._outbox.where()


def _check_installed() -> None:
    # `import mlflow` would also succeed on any bare folder of that name.
    try:
        metadata.version("mlflow")
    except metadata.PackageNotFoundError as error:
        raise ImportError(
            "MLflowTracker needs mlflow, which is not installed. Install it "
            "with `pip install mlflow`, or use NullTracker()."
        ) from error
