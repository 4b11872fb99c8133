"""``hybridml ui``: MLflow's pages on the runs recorded here."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import Annotated

import typer

from hybridml.cli import options
from hybridml.cli.help_text import examples
from hybridml.cli.terminal import say

EXAMPLES = examples(
    ("hybridml ui", "the runs of this folder, at http://127.0.0.1:5000"),
    ("hybridml ui --port 5001", "another port"),
    ("hybridml ui --tracking-uri sqlite:////data/mlflow.db", "other runs"),
)
_PATIENCE_S = 5.0


def ui(
    port: Annotated[int, typer.Option(help="Port of the pages.", min=1)] = 5000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; only this machine by default.")
    ] = "127.0.0.1",
    tracking_uri: options.TrackingUri = None,
) -> None:
    """Open MLflow's pages on the recorded runs; Ctrl-C ends them."""
    from hybridml.tracking._mlflow_address import (
        resolve_uri,
        sqlite_path,
        without_password,
    )

    uri = resolve_uri(tracking_uri)
    if uri.startswith(("http://", "https://")):
        say(f"A server has the runs; open it in a browser: {without_password(uri)}")
        return
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        say(f"Nothing is recorded in {path} yet; hybridml demo would change that.")
    check_free(host, port)
    say(f"Runs: {without_password(uri)}")
    say(f"In some seconds, open http://{host}:{port} in a browser; Ctrl-C ends it.")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri]
    # One worker serves one person, and starts in a fraction of the time of four.
    where = ["--host", host, "--port", str(port), "--workers", "1"]
    code = _wait_for([*command, *where])
    if code:
        raise typer.Exit(1)


def check_free(host: str, port: int) -> None:
    """Refuse an address that is taken, before the work."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"{host}:{port} cannot be used ({reason}). Try another port."
            raise typer.BadParameter(message, param_hint="--port") from error


def _wait_for(command: list[str]) -> int:
    """Run a server until it ends or is interrupted; then end its workers, too."""
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true", **os.environ}
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return server.wait()
    except KeyboardInterrupt:
        say("Ending ...")
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)
        _end(server)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _end(server: subprocess.Popen[bytes]) -> None:
    _signal_all(server, signal.SIGTERM)
    try:
        server.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        _signal_all(server, getattr(signal, "SIGKILL", signal.SIGTERM))
        server.wait()


def _signal_all(server: subprocess.Popen[bytes], number: int) -> None:
    """Signal the server and the processes it started, which share its session."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(server.pid, number)
        else:
            server.send_signal(number)
    except ProcessLookupError:
        pass
