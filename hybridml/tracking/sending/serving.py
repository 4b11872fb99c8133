"""The process that sends: it takes journals one by one, and outlives the work a little.

It is told what to do on stdin, a JSON object a line, and answers beside each journal.
MLflow is loaded, silenced and kept from long waits here, so that nothing of that
happens to the process that works.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from filelock import FileLock

from hybridml.tracking.journal.answers import note_failed
from hybridml.tracking.journal.folder import JournalFolder
from hybridml.tracking.sending.delivery import Delivery
from hybridml.tracking.sending.mlflow_store import MLflowStore
from hybridml.tracking.sending.retrying import send_patiently

_POLL_S = 0.5  # how much later than the work its runs are seen


def serve() -> None:
    """Send journals until stdin ends, then what is left of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the work to take
    logging.disable(logging.CRITICAL)
    settings = json.loads(sys.stdin.readline())
    store = MLflowStore(settings["uri"], settings["timeout_s"])
    deliveries: list[tuple[Delivery, FileLock]] = []
    for told in _told():
        if "journal" in told:
            deliveries.append(_take(told, store))
        deliveries = [taken for taken in deliveries if _go_on(*taken)]
    for delivery, turn in deliveries:
        turn.release()
        if delivery.is_done:
            delivery.folder.remove_if_left()


def _take(told: dict[str, Any], store: MLflowStore) -> tuple[Delivery, FileLock]:
    """Begin with a journal, once nobody else sends it."""
    folder = JournalFolder(Path(told["journal"]))
    turn = folder.turn()
    turn.acquire()
    return Delivery(folder, store, is_replay=told["is_replay"]), turn


def _told() -> Iterator[dict[str, Any]]:
    """Give each line of stdin, and every half a second nothing, until it ends."""
    lines: SimpleQueue[str] = SimpleQueue()
    wake = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
            wake.set()
        lines.put("")
        wake.set()

    threading.Thread(target=listen, daemon=True).start()
    while True:
        wake.wait(_POLL_S)
        wake.clear()
        while not lines.empty():
            line = lines.get()
            if not line:
                yield {}
                return
            yield json.loads(line)
        yield {}


def _go_on(delivery: Delivery, turn: FileLock) -> bool:
    """Send what is new of a journal; return whether to look at it again."""
    is_there = delivery.folder.is_there  # if not, it was sent, and the work removed it
    reason = send_patiently(delivery) if is_there else None
    if reason is not None:
        note_failed(delivery.answers_path, reason)
    if reason is not None or not is_there:
        turn.release()
        return False
    return True
