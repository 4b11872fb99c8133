"""Whether a tracking store answers, asked briefly before MLflow asks it at length.

MLflow repeats a failed request for minutes, and waits 20 seconds for a locked database.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import sqlite3
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from hybridml.tracking._mlflow_address import sqlite_path

_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def why_unreachable(uri: str, timeout_s: float) -> str | None:
    """Return why the store at `uri` does not answer, None where it does."""
    parts = urlsplit(uri)
    path = sqlite_path(uri)
    if path is not None:
        return _why_no_sqlite(path, timeout_s)
    if parts.scheme in {"http", "https"}:
        return _why_no_http(parts, timeout_s)
    port = parts.port or _DATABASE_PORTS.get(parts.scheme.partition("+")[0])
    if parts.hostname and port:
        return _why_no_socket(parts.hostname, port, timeout_s)
    return None


def _why_no_http(parts: SplitResult, timeout_s: float) -> str | None:
    host = parts.netloc.rpartition("@")[2]
    url = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/health"
    try:
        with urllib.request.urlopen(url, timeout=timeout_s):
            return None
    except urllib.error.HTTPError as error:
        error.close()  # any answer below 500 (such as "log in first") is a live server
        return f"it answers {error}" if error.code >= 500 else None
    except urllib.error.URLError as error:
        # Whether a certificate is trusted is for MLflow's own settings to say.
        is_refusal = not isinstance(error.reason, ssl.SSLError)
        return str(error.reason) if is_refusal else None
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _why_no_socket(host: str, port: int, timeout_s: float) -> str | None:
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return None
    except OSError as error:
        return str(error)


def _why_no_sqlite(path: Path, timeout_s: float) -> str | None:
    if not path.exists():  # MLflow is going to create it
        return None
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=timeout_s)) as database:
            database.execute("BEGIN IMMEDIATE")  # needs to read it and to lock it
            database.rollback()
            return None
    except sqlite3.Error as error:
        return str(error)
