"""Against a real server: recorded over HTTP, shown by the UI, survived when it dies."""

from __future__ import annotations

import math
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hybridml.exceptions import TrackingWarning
from hybridml.tracking import MLflowTracker, Run, list_journals, replay_journal

pytestmark = pytest.mark.slow  # a server takes seconds to start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, start_server) -> Iterator:
    """One server for all the tests that leave it alive."""
    with start_server(tmp_path_factory.mktemp("server")) as started:
        yield started


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


def test_the_ui_shows_what_was_recorded_without_it(
    server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(server.folder)
    with MLflowTracker().run("local") as run:  # the same database, not over HTTP
        run.log_text("from the folder", "a.txt")
    address = f"{server.uri}/get-artifact?path=a.txt&run_uuid={run.run_id}"
    assert get(address) == "from the folder"


def test_runs_are_recorded_over_http_in_silence(
    server, capfd: pytest.CaptureFixture[str]
) -> None:
    from mlflow.tracking import MlflowClient

    with MLflowTracker(server.uri).run("remote") as run:
        run.log_params({"C": 1})
        run.log_metrics({"loss": float("nan"), "accuracy": 0.5}, step=2)
        run.log_text("over HTTP", "b.txt")
        with run.child("fold") as child:
            pass
    client = MlflowClient(server.uri)
    found, below = client.get_run(run.run_id), client.get_run(child.run_id)
    assert found.data.params == {"C": "1"}
    assert found.data.metrics["accuracy"] == 0.5
    assert math.isnan(found.data.metrics["loss"])
    assert below.data.tags["mlflow.parentRunId"] == run.run_id
    address = f"{server.uri}/get-artifact?path=b.txt&run_uuid={run.run_id}"
    assert get(address) == "over HTTP"
    assert capfd.readouterr() == ("", "")


def test_a_run_is_seen_while_it_goes_on(server) -> None:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(server.uri)
    with MLflowTracker(server.uri).run("going on") as run:
        run_id = run.run_id
        run.log_metrics({"accuracy": 0.5})
        deadline = time.monotonic() + 10
        while "accuracy" not in client.get_run(run_id).data.metrics:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert client.get_run(run_id).info.status == "RUNNING"


def record_beside(uri: str, timeout_s: float, disturb: Callable[[], None]) -> None:
    """Record cases on a server that is disturbed when some of it has arrived."""
    with MLflowTracker(uri, timeout_s=timeout_s).run("remote") as run:
        assert run.run_id is not None
        disturb()
        record_cases(run)


def test_a_server_that_hangs_costs_seconds(server) -> None:
    began = time.monotonic()
    with pytest.warns(TrackingWarning, match="timed out") as caught:
        record_beside(server.uri, 1.0, lambda: server.send(signal.SIGSTOP))
    server.send(signal.SIGCONT)
    assert time.monotonic() - began < 60
    assert len(caught) == 1
    (waiting,) = list_journals()
    assert replay_journal(waiting.path).refused == []


def test_a_server_that_dies_costs_seconds(
    tmp_path: Path, start_server, capfd: pytest.CaptureFixture[str]
) -> None:
    with start_server(tmp_path) as mortal:
        began = time.monotonic()
        with pytest.warns(TrackingWarning, match="track replay") as caught:
            record_beside(mortal.uri, 2.0, mortal.end)
        assert time.monotonic() - began < 60
    assert len(caught) == 1
    assert capfd.readouterr() == ("", "")
