"""Real stores: a database in a file, a server with one, a server on PostgreSQL."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hybridml.tracking import MLflowTracker


@dataclass(frozen=True)
class Store:
    """A store, and an experiment in it that no other test records in."""

    uri: str
    experiment: str

    @property
    def client(self) -> Any:
        from mlflow.tracking import MlflowClient

        return MlflowClient(self.uri)

    def tracker(self, **options: Any) -> MLflowTracker:
        return MLflowTracker(self.uri, self.experiment, **options)

    def runs(self, query: str = "") -> list[Any]:
        found = self.client.get_experiment_by_name(self.experiment)
        runs = self.client.search_runs([found.experiment_id], query, max_results=1000)
        return list(runs)

    def run(self, name: str) -> Any:
        """The one run of this name."""
        (found,) = self.runs(f"attributes.run_name = '{name}'")
        return found


@dataclass
class Server:
    """A server, with the files of its runs in its folder."""

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


StartServer = Callable[..., AbstractContextManager[Server]]

SLOW = pytest.mark.slow  # setting a store up takes seconds
ON_POSTGRES = (SLOW, pytest.mark.postgres)
# PostgreSQL refuses to be run by root; Debian has made a user for it.
_ACCOUNT = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
SQLITE_FILE = "sqlite:///mlflow.db"  # in the server's folder


@pytest.fixture
def experiment() -> str:
    """Name of an experiment that is nowhere yet."""
    return f"test {uuid4().hex[:12]}"


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=SLOW),
        pytest.param("server", marks=SLOW),
        pytest.param("postgres", marks=ON_POSTGRES),
    ]
)
def store(request: pytest.FixtureRequest, experiment: str) -> Store:
    """Each kind of store in turn; it stays up for all the tests."""
    uri: str = request.getfixturevalue(f"{request.param}_store")
    return Store(uri, experiment)


@pytest.fixture(
    params=[
        pytest.param("server", marks=SLOW),
        pytest.param("postgres", marks=ON_POSTGRES),
    ]
)
def database(request: pytest.FixtureRequest) -> str:
    """What servers that a test starts and ends keep their runs in."""
    if request.param == "server":
        return SQLITE_FILE
    uri: str = request.getfixturevalue("postgres_database")
    return uri


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture(scope="session")
def server_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with _running_server(tmp_path_factory.mktemp("server")) as started:
        yield started.uri


@pytest.fixture(scope="session")
def postgres_store(
    tmp_path_factory: pytest.TempPathFactory, postgres_database: str
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("postgres_server")
    with _running_server(folder, database=postgres_database) as started:
        yield started.uri


@pytest.fixture(scope="session")
def start_server() -> StartServer:
    """Start a server for a block: ``start_server(folder, port, database)``."""
    return _running_server


@contextmanager
def _running_server(
    folder: Path, port: int | None = None, database: str = SQLITE_FILE
) -> Iterator[Server]:
    port = port or _free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    settings = {
        "MLFLOW_BACKEND_STORE_URI": database,  # no list of processes shows it here
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Its runners of jobs are eight processes more, which nothing here needs.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--workers", "1", "--port", str(port)],
            cwd=folder,
            env={**os.environ, **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started = Server(f"http://127.0.0.1:{port}", folder, process)
    try:
        _wait_until(lambda: _is_healthy(started.uri), process, folder / "server.log")
        yield started
    finally:
        started.end()


def _is_healthy(uri: str) -> bool:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=10):
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """Address of a PostgreSQL database, run for these tests as Debian installs it."""
    programs = _postgres_programs()
    # pytest's own folders are closed to the user who runs it.
    with tempfile.TemporaryDirectory(prefix="hybridml-", dir="/tmp") as name:
        folder = Path(name)
        password, port = secrets.token_hex(8), _free_port()
        (folder / "password").write_text(password)
        if _ACCOUNT:
            for path in (folder, folder / "password"):
                shutil.chown(path, **_ACCOUNT)
        with _running_postgres(programs, folder, port):
            address = f"flow:{password}@127.0.0.1:{port}/postgres"
            yield f"postgresql+psycopg2://{address}"


def _postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (on Debian: apt install postgresql)")
    if find_spec("psycopg2") is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("PostgreSQL's driver psycopg2 is not installed")
    return found[-1].parent


@contextmanager
def _running_postgres(programs: Path, folder: Path, port: int) -> Iterator[None]:
    log, data = folder / "postgres.log", str(folder / "data")
    made_by = "--username flow --auth scram-sha-256 --pwfile password --no-sync"
    kept_in = "--no-locale --encoding UTF8 --pgdata"
    initdb = [str(programs / "initdb"), *made_by.split(), *kept_in.split(), data]
    listens = f"-c fsync=off -k {folder} -h 127.0.0.1 -p {port} -D".split()
    with log.open("ab") as file:
        groups = [] if _ACCOUNT else None
        common: Any = {**_ACCOUNT, "extra_groups": groups, "cwd": folder}
        common |= {"stdout": file, "stderr": file}
        subprocess.run(initdb, check=True, **common)
        server = [str(programs / "postgres"), *listens, data]
        process = subprocess.Popen(server, start_new_session=True, **common)
    ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    try:
        _wait_until(lambda: subprocess.call(ready) == 0, process, log)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)  # at once, whoever is connected
        process.wait()


def _free_port() -> int:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def _wait_until(
    is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if is_ready():
            return
        time.sleep(0.1)
    pytest.fail(log.read_text()[-2000:])
