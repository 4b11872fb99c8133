"""Against a real server: recorded over HTTP, shown by the UI, survived when it dies."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hybridml.exceptions import TrackingWarning
from hybridml.tracking import MLflowTracker, Run

pytestmark = pytest.mark.slow  # a server takes seconds to start


@dataclass
class Server:
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


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    options = "--backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --workers 1"
    command = [sys.executable, "-m", "mlflow", "server", *options.split()]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started = Server(f"http://127.0.0.1:{port}", folder, process)
    try:
        wait_for(started)
        yield started
    finally:
        started.end()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all the tests that leave it alive."""
    with running_server(tmp_path_factory.mktemp("server")) as started:
        yield started


def wait_for(server: Server) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            get(f"{server.uri}/health")
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail((server.folder / "server.log").read_text()[-2000:])


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def record_cases(run: Run, seconds: float) -> None:
    """Record ten cases and a file; fail where that takes longer than `seconds`."""
    began = time.monotonic()
    for step in range(10):
        with run.child(f"case {step}") as child:
            child.log_metrics({"accuracy": 0.5}, step=step)
    run.log_text("never", "c.txt")
    assert time.monotonic() - began < seconds


def test_the_ui_shows_what_was_recorded_without_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(server.folder)
    with MLflowTracker().run("local") as run:  # the same database, not over HTTP
        run.log_text("from the folder", "a.txt")
    address = f"{server.uri}/get-artifact?path=a.txt&run_uuid={run.run_id}"
    assert get(address) == "from the folder"


def test_runs_are_recorded_over_http_in_silence(
    server: Server, capfd: pytest.CaptureFixture[str]
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


def test_a_server_that_hangs_costs_seconds(server: Server) -> None:
    with MLflowTracker(server.uri, timeout_s=1.0).run("remote") as run:
        server.send(signal.SIGSTOP)
        with pytest.warns(TrackingWarning, match="timed out") as caught:
            record_cases(run, seconds=10)
        server.send(signal.SIGCONT)
    assert len(caught) == 1


def test_a_server_that_dies_costs_seconds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with running_server(tmp_path) as mortal:
        tracker, other = (MLflowTracker(mortal.uri, timeout_s=2.0) for _ in "ab")
        with tracker.run("between calls") as run, other.run("within a call") as late:
            mortal.end()
            with pytest.warns(TrackingWarning, match="Start the server") as caught:
                record_cases(run, seconds=10)
            assert len(caught) == 1

            # As if it had died just after it answered the probe.
            probe = "hybridml.tracking._mlflow_connection.why_unreachable"
            monkeypatch.setattr(probe, lambda uri, timeout_s: None)
            with pytest.warns(TrackingWarning, match="cannot be used") as caught:
                record_cases(late, seconds=20)
            assert len(caught) == 1
    assert capfd.readouterr() == ("", "")
