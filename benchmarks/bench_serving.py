"""How fast a served model answers: ours and MLflow's server, the same model.

Starts `hybridml serve` and `mlflow models serve` on one model with an embedded network,
asks them in turn with photos of one data set, and prints latency and throughput.

    python benchmarks/bench_serving.py --folder photos

Without --folder, photos are generated. The model, case 1 with a logistic head on the
default network, is fitted on the same photos. The servers take turns, in swapped order.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from interleaved import print_machine
from photo_files import photo_files

from hybridml import TransferClassifier, save_model

Times = dict[tuple[str, int], list[float]]

PATIENCE_S = 180
BATCHES = (1, 16)
SERVERS = {
    "hybridml serve": ("-m", "hybridml", "serve", "{model}"),
    "mlflow models serve": (
        *("-m", "mlflow", "models", "serve", "-m", "{model}"),
        *("--env-manager", "local"),
    ),
}


def main() -> None:
    """Fit, serve, ask, and print."""
    options = _parse()
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        paths, labels = photo_files(options.folder, options.photos, Path(folder))
        model = TransferClassifier(store=None, head="logistic").fit(paths, labels)
        saved = save_model(model, Path(folder) / "model", embed_weights=True)
        photos = [Path(path).read_bytes() for path in paths]
        times: Times = {}
        rates: dict[str, list[float]] = {name: [] for name in SERVERS}
        with _served(saved) as ports:
            for port in ports.values():  # the first request loads what is lazy
                _ask(port, photos[0])
            for number in range(options.rounds):
                for name in list(ports)[:: 1 if number % 2 == 0 else -1]:
                    _time(name, ports[name], photos, times)
                    rates[name].append(_rate(ports[name], photos, options.clients))
    _show(times, rates, options.clients)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--folder", type=Path, help="one folder of photos a class")
    add("--photos", type=int, default=64, help="so many of them")
    add("--clients", type=int, default=4, help="that ask at a time")
    add("--rounds", type=int, default=3)
    return parser.parse_args()


def _time(name: str, port: int, photos: list[bytes], times: Times) -> None:
    for n_rows in BATCHES:
        batches = [photos[i : i + n_rows] for i in range(0, len(photos), n_rows)]
        found = times.setdefault((name, n_rows), [])
        for batch in batches:
            start = time.perf_counter()
            _ask(port, *batch)
            found.append(time.perf_counter() - start)


@contextmanager
def _served(model: Path) -> Iterator[dict[str, int]]:
    ports = {name: _free_port() for name in SERVERS}
    # MLflow looks for uvicorn on the PATH, where an environment that was not activated
    # is missing.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    servers = [
        subprocess.Popen(
            [
                sys.executable,
                *(part.format(model=model.absolute()) for part in SERVERS[name]),
                *("--port", str(port)),
            ],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": path},
        )
        for name, port in ports.items()
    ]
    try:
        for name, server in zip(ports, servers, strict=True):
            _wait_for(name, ports[name], server)
        yield ports
    finally:
        for server in servers:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def _wait_for(name: str, port: int, server: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit and server.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{name} has not started.")


def _ask(port: int, *photos: bytes) -> None:
    records = [{"image": base64.b64encode(photo).decode()} for photo in photos]
    body = json.dumps({"dataframe_records": records})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request(
        "POST", "/invocations", body, {"Content-Type": "application/json"}
    )
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200 or len(json.loads(text)["predictions"]) != len(photos):
        raise RuntimeError(f"{answer.status}: {text[:500]!r}")


def _rate(port: int, photos: list[bytes], n_clients: int) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(n_clients) as clients:
        list(clients.map(lambda photo: _ask(port, photo), photos))
    return len(photos) / (time.perf_counter() - start)


def _show(times: Times, rates: dict[str, list[float]], n_clients: int) -> None:
    print(f"{'server':<22}{'images':>8}{'best ms':>10}{'median ms':>11}{'p95 ms':>9}")
    for (name, n_rows), seconds in sorted(times.items(), key=lambda item: item[0][1]):
        best, median = min(seconds), statistics.median(seconds)
        p95 = float(np.quantile(seconds, 0.95))
        row = f"{1000 * best:>10.1f}{1000 * median:>11.1f}{1000 * p95:>9.1f}"
        print(f"{name:<22}{n_rows:>8}{row}")
    print(f"\n{n_clients} clients at a time, one image each:")
    for name, found in rates.items():
        print(f"{name:<22}{max(found):>8.1f} images/s at best, ", end="")
        print(f"{statistics.median(found):.1f} in the median")
    ours, theirs = (statistics.median(times[name, 1]) for name in SERVERS)
    print(f"\nratio {theirs / ours:.2f}: MLflow's server to ours, one image")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
