"""A real tracking server that can be stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Server:
    """A server with a SQLite database in its folder."""

    uri: str
    folder: Path
    process: subprocess.Popen[bytes]

    def send(self, signal_number: int) -> None:
        """Signal the server with its workers: they are a process group of their own."""
        os.killpg(self.process.pid, signal_number)

    def end(self) -> None:
        if self.process.poll() is None:
            self.send(signal.SIGKILL)
        self.process.wait()


# Its runners of jobs are eight processes more, which nothing here needs.
_SPARSE = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}

StartServer = Callable[..., AbstractContextManager[Server]]


@pytest.fixture(scope="session")
def start_server() -> StartServer:
    """Start a server for the length of a block: ``start_server(folder, port)``."""
    return _running_server


@contextmanager
def _running_server(folder: Path, port: int | None = None) -> Iterator[Server]:
    port = port or _free_port()
    options = "--backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --workers 1"
    command = [sys.executable, "-m", "mlflow", "server", *options.split()]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env={**os.environ, **_SPARSE},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started = Server(f"http://127.0.0.1:{port}", folder, process)
    try:
        _wait_for(started)
        yield started
    finally:
        started.end()


def _free_port() -> int:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def _wait_for(server: Server) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.uri}/health", timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail((server.folder / "server.log").read_text()[-2000:])
