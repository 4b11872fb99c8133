"""What the machine is busy with while a run is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from hybridml._optional import require

LogMetrics = Callable[[Mapping[str, float], int], None]

_MB = 1e6


class SystemMetrics:
    """Samples processor, memory, disk and network at intervals, in a thread.

    The names are those under which MLflow shows system metrics.

    Parameters
    ----------
    log_metrics : callable
        Takes numbers by name, and the number of the sample.
    interval_s : float
        Seconds between samples.

    Raises
    ------
    MissingPackageError
        If psutil is not installed.
    """

    def __init__(self, log_metrics: LogMetrics, interval_s: float) -> None:
        self._psutil = require_psutil()
        self._log_metrics = log_metrics
        self._interval_s = interval_s
        self._is_over = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="hybridml-system-metrics", daemon=True
        )

    def start(self) -> None:
        """Begin; the first sample is taken after an interval."""
        self._psutil.cpu_percent()  # the next call tells of the time since this one
        self._before = self._psutil.net_io_counters()
        self._thread.start()

    def stop(self) -> None:
        """Take a last sample, and end."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._is_over.is_set():
            self._is_over.wait(self._interval_s)
            self._log_metrics(self._sample(), number)
            number += 1

    def _sample(self) -> dict[str, float]:
        memory = self._psutil.virtual_memory()
        disk = self._psutil.disk_usage("/")
        found = {
            "cpu_utilization_percentage": self._psutil.cpu_percent(),
            "system_memory_usage_megabytes": memory.used / _MB,
            "system_memory_usage_percentage": memory.percent,
            "disk_usage_megabytes": disk.used / _MB,
            "disk_usage_percentage": disk.percent,
        }
        now = self._psutil.net_io_counters()
        if now is not None and self._before is not None:
            received = now.bytes_recv - self._before.bytes_recv
            sent = now.bytes_sent - self._before.bytes_sent
            found["network_receive_megabytes"] = received / _MB
            found["network_transmit_megabytes"] = sent / _MB
        return {f"system/{name}": float(value) for name, value in found.items()}


def require_psutil() -> Any:
    """Import psutil, or say how to install it.

    Raises
    ------
    MissingPackageError
    """
    return require("psutil", extra="system", why="MLflowTracker(system_metrics_s=...)")
