"""What MLflow and the stores under it raise, and what of it is worth another try."""

from __future__ import annotations

import sys

from hybridml.tracking._mlflow_values import shorten

# They share no base class, and are looked for among the loaded modules, because what is
# not loaded cannot have been raised.
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


def failures() -> tuple[type[BaseException], ...]:
    """Return the kinds of error that a store may raise."""
    found = [
        getattr(sys.modules[module], name)
        for module, name in _FAILURES
        if module in sys.modules
    ]
    return (OSError, ImportError, *found)


def is_refusal(error: BaseException) -> bool:
    """Whether the store is well, and does not take the value it was given."""
    return getattr(error, "error_code", None) == "INVALID_PARAMETER_VALUE"


def reason_of(error: BaseException) -> str:
    r"""Word an error in one line.

    Examples
    --------
    >>> reason_of(ConnectionError("no\n  route")), reason_of(TimeoutError())
    ('no route', 'TimeoutError')
    """
    return shorten(" ".join(str(error).split()) or type(error).__name__, 400)
