"""The one way to MLflow: what fails there is warned about once and stops nothing."""

from __future__ import annotations

import hashlib
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from hybridml.exceptions import TrackingWarning
from hybridml.tracking._mlflow_address import (
    artifact_location,
    resolve_uri,
    sqlite_path,
    without_password,
)
from hybridml.tracking._mlflow_probe import why_unreachable
from hybridml.tracking._mlflow_quiet import quiet_and_brief
from hybridml.tracking._mlflow_values import current_user, shorten

ResultT = TypeVar("ResultT")

# What MLflow and the stores under it raise. They share no base class, and are looked
# for among the loaded modules, because what is not loaded cannot have been raised.
_FAILURES = (
    ("mlflow.exceptions", "MlflowException"),
    ("sqlalchemy.exc", "SQLAlchemyError"),
    ("alembic.util.exc", "CommandError"),
    ("requests.exceptions", "RequestException"),
    ("boto3.exceptions", "Boto3Error"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("google.api_core.exceptions", "GoogleAPIError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
)


class MLflowConnection:
    """Opens an MLflow store when first needed and gives up on it when it fails.

    Parameters
    ----------
    tracking_uri : str or None
        As in `MLflowTracker`.
    experiment : str
        Created where it does not exist.
    timeout_s : float
        How long the store may take to answer, in seconds.
    """

    def __init__(
        self, tracking_uri: str | None, experiment: str, timeout_s: float
    ) -> None:
        self._tracking_uri = tracking_uri
        self._experiment = experiment
        self._timeout_s = timeout_s
        self._client: Any = None
        self._experiment_id: str | None = None
        self.has_failed = False

    @property
    def uri(self) -> str:
        """The store's address; it is fixed when the store is first used."""
        return resolve_uri(self._tracking_uri)

    def attempt(self, call: Callable[[Any, str], ResultT]) -> ResultT | None:
        """Return ``call(client, experiment_id)``, or None where it cannot be done."""
        if self.has_failed:
            return None
        try:
            client, experiment_id = self._reach()
            with quiet_and_brief(self._timeout_s):
                return call(client, experiment_id)
        except _failures() as error:
            self._report(error)
        return None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_client": None}  # reopened where it is unpickled

    def _reach(self) -> tuple[Any, str]:
        self._tracking_uri = self.uri
        if self._client is None or self._experiment_id is None:
            with _one_process_at_a_time(self.uri):
                self._check_that_it_answers()
                with quiet_and_brief(self._timeout_s):
                    self._client, self._experiment_id = self._open()
        else:
            self._check_that_it_answers()
        return self._client, self._experiment_id

    def _check_that_it_answers(self) -> None:
        reason = why_unreachable(self.uri, self._timeout_s)
        if reason is not None:
            raise ConnectionError(reason)

    def _open(self) -> tuple[Any, str]:
        from mlflow.tracking import MlflowClient

        client = MlflowClient(self.uri, registry_uri=self.uri)
        found = client.get_experiment_by_name(self._experiment)
        if found is not None:
            return client, found.experiment_id
        location = artifact_location(self.uri, self._experiment)
        return client, _create_experiment(client, self._experiment, location)

    def _report(self, error: BaseException) -> None:
        address = without_password(self.uri)
        reason = shorten(" ".join(str(error).split()) or type(error).__name__, 400)
        if self._client is not None and _is_refusal(error):
            message = f"MLflow at {address} refuses a value, the rest is kept: {reason}"
        else:
            self.has_failed = True
            message = (
                f"MLflow at {address} cannot be used, and the work goes on without "
                f"tracking: {reason}. {_cure(address)}"
            )
        warnings.warn(message, TrackingWarning, stacklevel=5)


def _create_experiment(client: Any, name: str, location: str | None) -> str:
    from mlflow.exceptions import MlflowException

    try:
        created: str = client.create_experiment(name, artifact_location=location)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        created = client.get_experiment_by_name(name).experiment_id  # by someone else
    return created


def _failures() -> tuple[type[BaseException], ...]:
    found = [
        getattr(sys.modules[module], name)
        for module, name in _FAILURES
        if module in sys.modules
    ]
    return (OSError, ImportError, *found)


def _is_refusal(error: BaseException) -> bool:
    return getattr(error, "error_code", None) == "INVALID_PARAMETER_VALUE"


def _cure(address: str) -> str:
    if address.startswith("http"):
        return "Start the server again, or give MLflowTracker another tracking_uri."
    return "Repair or move the database, or give MLflowTracker another tracking_uri."


def _one_process_at_a_time(uri: str) -> AbstractContextManager[Any]:
    # Two processes that create the tables of one new database spoil it for both.
    path = sqlite_path(uri)
    if path is None:
        return nullcontext()
    from filelock import FileLock

    key = f"{current_user()}:{path}"
    name = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
    return FileLock(Path(tempfile.gettempdir()) / f"hybridml-{name}.lock", timeout=60)
