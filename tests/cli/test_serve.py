from __future__ import annotations

import socket
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.cli.conftest import TINY, Typed


def test_served_model_answers_with_the_limits_given(
    typed: Typed, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, object] = {}

    def run(app: FastAPI, **options: object) -> None:
        seen.update(options, app=app)

    monkeypatch.setattr("uvicorn.run", run)
    assert typed("fit", photos, "--output", "model", *TINY).code == 0
    port = _free_port()
    left = typed("serve", "model", "--port", port, "--max-rows", 2)
    assert left.code == 0
    assert f"Ready: http://127.0.0.1:{port}/invocations" in left.err
    assert (seen["host"], seen["port"]) == ("127.0.0.1", port)
    app = seen["app"]
    assert isinstance(app, FastAPI)
    client = TestClient(app)
    assert client.get("/").json()["limits"]["max_rows"] == 2
    photo = next(photos.glob("dark/*.png")).read_bytes()
    answer = client.post(
        "/invocations", content=photo, headers={"content-type": "image/png"}
    )
    (row,) = answer.json()["predictions"]
    assert set(row) == {"label", "p_dark", "p_light"}


def test_a_taken_port_is_said_before_the_model_is_loaded(typed: Typed) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        left = typed("serve", "model", "--port", taken.getsockname()[1])
    assert left.code == 2
    assert "cannot be used" in left.err


def test_what_is_no_model_is_refused(typed: Typed) -> None:
    left = typed("serve", "nothing", "--port", _free_port())
    assert left.code == 5
    assert "Got model='nothing'; expected a folder of save_model" in left.err


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
