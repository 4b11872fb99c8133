"""How folds that run in other threads and processes tell of themselves."""

from __future__ import annotations

import json
import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from queue import SimpleQueue
from typing import Any

from hybridml.exceptions import TrackingWarning

Letter = Mapping[str, Any]

_BREAKS = (OSError, EOFError, AuthenticationError)
_BACKLOG = 64
_CLOSING_TIME_S = 5.0

# The boxes of this process by their path: letters to them need no socket.
_OPEN: dict[str, SimpleQueue[Letter | None]] = {}


@dataclass(frozen=True)
class Address:
    """Where a mailbox is; it can be pickled into other processes.

    Attributes
    ----------
    path : str
        Of the socket.
    key : bytes
        Without it, nothing is taken in.
    process : int
        Who has the box.
    """

    path: str
    key: bytes = field(repr=False)
    process: int

    def send(self, letter: Letter) -> None:
        """Put a letter of plain JSON values into the box.

        Where there is no box any more, or on another machine, it is lost.
        """
        box = _OPEN.get(self.path) if os.getpid() == self.process else None
        if box is not None:
            box.put(letter)
        else:
            self._send_by_socket(letter)

    def _send_by_socket(self, letter: Letter) -> None:
        try:
            with Client(self.path, authkey=self.key) as line:
                line.send_bytes(json.dumps(letter).encode())
                line.recv_bytes()  # a fold that has returned is in the box
        except _BREAKS:
            return


class Mailbox(AbstractContextManager["Mailbox"]):
    """Hands letters to a function, one by one, in a thread of its own.

    A slow tracker thus does not slow the folds. When the block is left, all letters
    have been read.

    Parameters
    ----------
    read : callable
        Takes a letter. What it raises is raised when the block is left.

    Examples
    --------
    >>> letters = []
    >>> with Mailbox(letters.append) as mailbox:
    ...     mailbox.address.send({"fold": 1})
    >>> letters
    [{'fold': 1}]
    """

    def __init__(self, read: Callable[[Letter], None]) -> None:
        self._read = read

    def __enter__(self) -> Mailbox:
        key = os.urandom(32)
        self._letters: SimpleQueue[Letter | None] = SimpleQueue()
        listener = _listener(key)
        path = f"no socket {id(self)}" if listener is None else str(listener.address)
        self.address = Address(path, key, os.getpid())
        _OPEN[path] = self._letters
        self._ear = threading.Thread(target=self._listen, args=[listener], daemon=True)
        self._ear.start()
        self._reader = ThreadPoolExecutor(1)
        self._reading = self._reader.submit(self._read_all)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        del _OPEN[self.address.path]
        self.address.send({})  # wakes the ear, which has to leave
        self._ear.join(_CLOSING_TIME_S)
        self._letters.put(None)
        self._reader.shutdown()
        if kind is None:
            self._reading.result()

    def _read_all(self) -> None:
        while (letter := self._letters.get()) is not None:
            self._read(letter)

    def _listen(self, listener: Listener | None) -> None:
        with listener or nullcontext():
            while listener is not None:
                try:
                    with listener.accept() as line:
                        letter = json.loads(line.recv_bytes())
                        if not letter:
                            return
                        self._letters.put(letter)
                        line.send_bytes(b"taken")
                except _BREAKS:  # a worker was killed while it spoke
                    time.sleep(0.01)  # were files to run out, this would spin


def _listener(key: bytes) -> Listener | None:
    try:
        return Listener(authkey=key, backlog=_BACKLOG)
    except OSError as error:  # such as a temporary folder with too long a name
        warnings.warn(
            f"Folds in other processes cannot be heard ({error}); they are recorded "
            "when the search ends.",
            TrackingWarning,
            stacklevel=4,
        )
        return None
