"""The sending process, as seen from the process that works."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
from multiprocessing.spawn import get_executable
from pathlib import Path
from typing import Any

from hybridml.tracking.journal.folder import JournalFolder

# The process finds this package where the work found it, whatever the working folder.
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from hybridml.tracking.sending.serving import serve; serve()"
)


class Courier:
    """Starts a process that sends journals to one store.

    Parameters
    ----------
    uri : str
        Address of the store.
    timeout_s : float
        How long the store may take to answer, in seconds.

    Raises
    ------
    OSError
        If no process can be started.
    """

    def __init__(self, uri: str, timeout_s: float) -> None:
        self._pid = os.getpid()
        self.timeout_s = timeout_s
        self._process = subprocess.Popen(
            [get_executable() or sys.executable, "-W", "ignore", "-c", _CODE, _path()],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(timeout_s),
            start_new_session=True,  # ctrl-C in the terminal is not for it
        )
        self._tell({"uri": uri, "timeout_s": timeout_s})

    @property
    def is_alive(self) -> bool:
        """Whether it can send for this process."""
        return self._pid == os.getpid() and self._process.poll() is None

    def take(self, folder: JournalFolder, *, is_replay: bool = False) -> None:
        """Have a journal sent, and what is added to it."""
        self._tell({"journal": str(folder.path), "is_replay": is_replay})

    def hurry(self) -> None:
        """Have what was added sent now."""
        self._tell({})

    def dismiss(self) -> None:
        """Take no more journals; what it has is still sent."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def wait(self, patience_s: float) -> None:
        """Wait for it to end, so far as patience goes."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        self.dismiss()

    def _tell(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.closed:
            with contextlib.suppress(OSError):  # it has died: see is_alive
                stdin.write(f"{json.dumps(message)}\n".encode())


# One process a store: MLflow takes seconds to load.
_couriers: dict[tuple[str, float], Courier] = {}
_dismissed: list[Courier] = []


def courier_to(uri: str, timeout_s: float) -> Courier:
    """Return this process's courier to a store; start it where there is none."""
    key = (uri, timeout_s)
    known = _couriers.get(key)
    if known is None or not known.is_alive:
        if known is not None:
            _dismissed.append(known)
        known = _couriers[key] = Courier(uri, timeout_s)
    return known


def forget(courier: Courier) -> None:
    """Let the next journal have a new courier, with the environment of then."""
    for key in [key for key, known in _couriers.items() if known is courier]:
        _dismissed.append(_couriers.pop(key))
    courier.dismiss()


@atexit.register
def _dismiss_all() -> None:
    all_of_them = [*_couriers.values(), *_dismissed]
    here = [courier for courier in all_of_them if courier.is_alive]
    for courier in here:
        courier.dismiss()
    for courier in here:
        courier.wait(patience_s(courier.timeout_s))


def patience_s(timeout_s: float) -> float:
    """Return how long a courier may take to send one thing, in seconds.

    Loading MLflow and setting up a new database take their time, on any machine.
    """
    return 60 + 10 * timeout_s


def _path() -> str:
    return json.dumps([entry or str(Path.cwd()) for entry in sys.path])


def _environment(timeout_s: float) -> dict[str, str]:
    # MLflow takes these from the environment only; what the user has set there stays.
    brief = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(1, round(4 * timeout_s))),
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }
    return {**brief, **os.environ}
