"""``hybridml ui``: starts MLflow's pages, and leaves nothing running behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from hybridml.cli import ui as module
from tests.cli.conftest import Typed


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that would have been run."""
    commands: list[list[str]] = []

    def wait_for(command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(module, "_wait_for", wait_for)
    return commands


def test_pages_are_on_the_store_of_the_tracker(
    started: list[list[str]], typed: Typed, tmp_path: Path
) -> None:
    port = _free_port()
    left = typed("ui", "--port", port)
    assert left.code == 0
    (command,) = started
    assert command[1:4] == ["-m", "mlflow", "ui"]
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    where = f"--host 127.0.0.1 --port {port} --workers 1".split()
    assert command[4:] == ["--backend-store-uri", uri, *where]
    assert f"http://127.0.0.1:{port}" in left.err
    assert "Nothing is recorded" in left.err


def test_environment_names_the_store(
    started: list[list[str]], typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////data/runs.db")
    typed("ui", "--port", _free_port())
    assert "sqlite:////data/runs.db" in started[0]


def test_server_is_not_started_again(started: list[list[str]], typed: Typed) -> None:
    left = typed("ui", "--tracking-uri", "http://me:secret@ml.example.org")
    assert left.code == 0
    assert "open it in a browser: http://me:***@ml.example.org" in left.err
    assert started == []


def test_port_in_use_is_a_usage_error(started: list[list[str]], typed: Typed) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        left = typed("ui", "--port", other.getsockname()[1])
    assert left.code == 2
    assert "Try another port" in left.err
    assert started == []


def test_server_that_fails_is_1(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_wait_for", lambda command: 3)
    assert typed("ui", "--port", _free_port()).code == 1


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX process groups")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_server_and_its_children(
    number: signal.Signals, tmp_path: Path
) -> None:
    child = "import time; open('child', 'w').write('on'); time.sleep(60)"
    server = (
        "import subprocess, sys, os; "
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}]); "
        "open('pid', 'w').write(str(child.pid)); child.wait()"
    )
    code = (
        "import sys; from hybridml.cli.ui import _wait_for; "
        f"sys.exit(_wait_for([sys.executable, '-c', {server!r}]))"
    )
    waiting = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    _until(lambda: (tmp_path / "child").exists() and (tmp_path / "pid").exists())
    child_pid = int((tmp_path / "pid").read_text())
    waiting.send_signal(number)
    assert waiting.wait(20) == 0
    _until(lambda: not _is_running(child_pid))


@pytest.mark.slow
def test_pages_are_served_until_interrupted(tmp_path: Path) -> None:
    port = _free_port()
    command = [sys.executable, "-m", "hybridml", "ui", "--port", str(port)]
    running = subprocess.Popen(command, cwd=tmp_path, start_new_session=True)
    try:
        _until(lambda: _answers(f"http://127.0.0.1:{port}/health"), patience_s=120)
    finally:
        running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    assert not _answers(f"http://127.0.0.1:{port}/health")


def _until(holds: Callable[[], bool], *, patience_s: float = 30.0) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"
