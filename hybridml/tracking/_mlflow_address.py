"""Where MLflow keeps runs: which address applies, and how it is told to people."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

_SQLITE = "sqlite:///"


def resolve_uri(tracking_uri: str | None) -> str:
    """Return the address that applies now, with any SQLite path made absolute.

    The order is: the one given, the environment variable MLFLOW_TRACKING_URI, a
    database in the working folder.
    """
    given = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
    uri = given or f"{_SQLITE}mlflow.db"
    path = sqlite_path(uri)
    if path is None:
        return uri
    _, mark, query = uri.partition("?")
    return f"{_SQLITE}{path.absolute()}{mark}{query}"


def sqlite_path(uri: str) -> Path | None:
    """Return the database file of a SQLite address, None for any other address.

    Examples
    --------
    >>> sqlite_path("sqlite:////data/mlflow.db").as_posix()
    '/data/mlflow.db'
    >>> sqlite_path("http://127.0.0.1:5000")
    """
    name = uri.removeprefix(_SQLITE).partition("?")[0]
    if not uri.startswith(_SQLITE) or name in {"", ":memory:"}:
        return None
    return Path(name)


def artifact_location(uri: str, experiment: str) -> str | None:
    """Return where a new experiment keeps its files; None lets the server decide.

    Beside a SQLite database, so that they are found from there and whatever the
    working folder was.
    """
    path = sqlite_path(uri)
    if path is None:
        return None
    folder = path.parent / "mlruns" / re.sub(r"[^\w.-]", "_", experiment)
    return folder.absolute().as_uri()


def without_password(uri: str) -> str:
    """Return the address with its password left out.

    Examples
    --------
    >>> without_password("https://me:secret@ml.example.org/flow")
    'https://me:***@ml.example.org/flow'
    """
    password = urlsplit(uri).password
    return uri.replace(f":{password}@", ":***@", 1) if password else uri


def describe_place(uri: str) -> str:
    """Say in words where the runs are, and how to look at them.

    Examples
    --------
    >>> describe_place("http://127.0.0.1:5000")
    'MLflow at http://127.0.0.1:5000'
    """
    path = sqlite_path(uri)
    if path is None:
        return f"MLflow at {without_password(uri)}"
    return f"MLflow in {path} (to see it: mlflow ui --backend-store-uri {uri})"
