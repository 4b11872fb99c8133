"""A server, on SQLite and on PostgreSQL, that is looked at, hangs and dies."""

from __future__ import annotations

import signal
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hybridml.exceptions import TrackingWarning
from hybridml.tracking import MLflowTracker, Run, list_journals, replay_journal


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def record_cases(run: Run) -> None:
    """Record ten cases and a file, without waiting for anything."""
    began = time.monotonic()
    for step in range(10):
        with run.child(f"case {step}") as child:
            child.log_metrics({"accuracy": 0.5}, step=step)
    run.log_text("never", "c.txt")
    assert time.monotonic() - began < 2


def record_beside(tracker: MLflowTracker, disturb: Callable[[], None]) -> None:
    """Record cases on a server that is disturbed when some of it has arrived."""
    with tracker.run("remote") as run:
        assert run.run_id is not None
        disturb()
        record_cases(run)


@pytest.mark.slow
def test_the_ui_shows_what_was_recorded_without_it(
    tmp_path: Path, start_server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with start_server(tmp_path) as server:
        with MLflowTracker().run("local") as run:  # the same database, not over HTTP
            run.log_text("from the folder", "a.txt")
        address = f"{server.uri}/get-artifact?path=a.txt&run_uuid={run.run_id}"
        assert get(address) == "from the folder"


def test_a_server_that_hangs_costs_seconds(
    tmp_path: Path, start_server, database: str, experiment: str
) -> None:
    with start_server(tmp_path, database=database) as server:
        tracker = MLflowTracker(server.uri, experiment, timeout_s=1.0)
        began = time.monotonic()
        with pytest.warns(TrackingWarning, match="timed out") as caught:
            record_beside(tracker, lambda: server.send(signal.SIGSTOP))
        server.send(signal.SIGCONT)
        assert time.monotonic() - began < 60
        assert len(caught) == 1
        (waiting,) = list_journals()
        assert replay_journal(waiting.path).refused == []


def test_a_server_that_dies_costs_seconds(
    tmp_path: Path,
    start_server,
    database: str,
    experiment: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with start_server(tmp_path, database=database) as mortal:
        tracker = MLflowTracker(mortal.uri, experiment, timeout_s=2.0)
        began = time.monotonic()
        with pytest.warns(TrackingWarning, match="track replay") as caught:
            record_beside(tracker, mortal.end)
        assert time.monotonic() - began < 60
    assert len(caught) == 1
    assert capfd.readouterr() == ("", "")


@contextmanager
def connection_to(address: str) -> Iterator:
    import psycopg2

    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


@contextmanager
def database_of_its_own(postgres_database: str) -> Iterator[str]:
    """A database that can be closed to all; of the same PostgreSQL."""
    with connection_to(postgres_database.replace("+psycopg2", "")) as cursor:
        cursor.execute("CREATE DATABASE mortal")
    yield f"{postgres_database.rpartition('/')[0]}/mortal"


def let_in(postgres_database: str, *, is_open: bool) -> None:
    """Refuse connections to the database named mortal, and end those there are."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with connection_to(postgres_database.replace("+psycopg2", "")) as cursor:
        cursor.execute(f"ALTER DATABASE mortal ALLOW_CONNECTIONS {is_open}")
        if not is_open:
            cursor.execute(end, ["mortal"])


@pytest.mark.slow
@pytest.mark.postgres
def test_a_server_whose_database_goes_away_and_comes_back_lacks_nothing(
    tmp_path: Path, start_server, postgres_database: str
) -> None:
    with (
        database_of_its_own(postgres_database) as database,
        start_server(tmp_path, database=database) as server,
    ):
        tracker = MLflowTracker(server.uri, timeout_s=1.0)
        began = time.monotonic()
        with pytest.warns(TrackingWarning, match="track replay") as caught:
            record_beside(tracker, lambda: let_in(postgres_database, is_open=False))
        assert time.monotonic() - began < 60
        assert len(caught) == 1
        (waiting,) = list_journals()
        let_in(postgres_database, is_open=True)
        assert replay_journal(waiting.path).refused == []
        assert names_in(server.uri) == {"remote", *(f"case {n}" for n in range(10))}


def names_in(uri: str) -> set[str]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    found = client.get_experiment_by_name("hybridml")
    return {run.info.run_name for run in client.search_runs([found.experiment_id])}


@pytest.mark.slow
@pytest.mark.postgres
def test_postgresql_takes_runs_without_a_server(
    postgres_database: str,
    experiment: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mlflow.tracking import MlflowClient

    monkeypatch.chdir(tmp_path)
    tracker = MLflowTracker(postgres_database, experiment)
    with tracker.run("direct") as run:
        run.log_metrics({"accuracy": 0.5})
        run.log_text("hello", "notes/a.txt")
    client = MlflowClient(postgres_database)
    found = client.get_run(run.run_id)
    assert found.data.metrics == {"accuracy": 0.5}
    assert Path(client.download_artifacts(run.run_id, "notes/a.txt")).is_file()
    password = urllib.parse.urlsplit(postgres_database).password
    assert str(password) not in tracker.where()
