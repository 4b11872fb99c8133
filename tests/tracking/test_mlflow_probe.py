"""Whether a store answers is found out within the time allowed."""

from __future__ import annotations

import http.server
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hybridml.tracking._mlflow_probe import why_unreachable


@contextmanager
def server_answering(status: int) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def free_port() -> int:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@pytest.mark.parametrize("status", [200, 401, 404])
def test_any_answer_of_a_live_server_will_do(status: int) -> None:
    with server_answering(status) as uri:
        assert why_unreachable(uri, 2.0) is None


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_in_trouble_does_not_count(status: int) -> None:
    with server_answering(status) as uri:
        assert str(status) in str(why_unreachable(uri, 2.0))


def test_a_closed_port_is_told_at_once() -> None:
    began = time.monotonic()
    assert "refused" in str(why_unreachable(f"http://127.0.0.1:{free_port()}", 5.0))
    assert time.monotonic() - began < 2.0


def test_a_server_that_hangs_is_given_up_in_time(silent_port: int) -> None:
    began = time.monotonic()
    assert "timed out" in str(why_unreachable(f"http://127.0.0.1:{silent_port}", 0.2))
    assert time.monotonic() - began < 2.0


def test_a_password_in_the_address_does_not_disturb() -> None:
    with server_answering(200) as uri:
        address = uri.replace("http://", "http://me:secret@")
        assert why_unreachable(address, 2.0) is None


def test_database_servers_are_probed_at_their_port(silent_port: int) -> None:
    assert why_unreachable(f"postgresql://127.0.0.1:{silent_port}/flow", 1.0) is None
    dead = f"mysql+pymysql://me@127.0.0.1:{free_port()}/flow"
    assert "refused" in str(why_unreachable(dead, 1.0))


def test_a_new_database_needs_no_answer(tmp_path: Path) -> None:
    assert why_unreachable(f"sqlite:///{tmp_path}/new.db", 1.0) is None
    assert list(tmp_path.iterdir()) == []


def test_a_locked_database_is_given_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        assert "locked" in str(why_unreachable(f"sqlite:///{path}", 0.2))
        assert time.monotonic() - began < 2.0
        other.rollback()
        assert why_unreachable(f"sqlite:///{path}", 0.2) is None


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("this is a letter to my aunt, and no database" * 100)
    assert "not a database" in str(why_unreachable(f"sqlite:///{path}", 1.0))
