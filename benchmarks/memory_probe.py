"""One extraction in a process of its own, and how far its memory grows: as JSON.

Before memory is looked at, the same extraction has run over a few other photos: all is
imported by then, and the network is loaded and has run a batch.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hybridml import DeepFeatureExtractor
from hybridml.cli import run

BACKBONE, IMAGE_SIZE = "efficientnet_lite0", 64
EVERY_S = 0.05
KINDS = {"anonymous": "RssAnon", "file": "RssFile"}  # ours, and mapped files
STATUS = Path("/proc/self/status")


class Sampler:
    """Looks every 50 ms at how much memory of each kind is resident."""

    def __init__(self) -> None:
        self.peak_kib = self._now()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look as long as the block runs."""
        self._thread.start()
        yield
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(EVERY_S):
            now = self._now()
            for kind, kib in self.peak_kib.items():
                self.peak_kib[kind] = max(kib, now[kind])

    def _now(self) -> dict[str, int]:
        found = status_kib()
        return {kind: found[name] for kind, name in KINDS.items()}


def status_kib() -> dict[str, int]:
    """Read what Linux says of this process's memory, in KiB."""
    lines = (line.split() for line in STATUS.read_text().splitlines())
    return {
        name.rstrip(":"): int(rest[0])
        for name, *rest in lines
        if len(rest) == 2 and rest[1] == "kB"
    }


def forget_peak() -> bool:
    """Have the peak of resident memory begin anew; False where that is not allowed."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def by_command(folder: Path, output: Path, store: Path, device: str) -> None:
    """Run the command ``hybridml extract``; it takes a GPU if it sees one."""
    command = [
        *("extract", str(folder), "--output", f"{output}.parquet"),
        *("--store", str(store)),
        *("--backbone", BACKBONE, "--image-size", str(IMAGE_SIZE)),
    ]
    if run(command):
        raise SystemExit("The command failed.")


def by_transform(folder: Path, output: Path, store: Path, device: str) -> None:
    """Call `transform` with a file that is mapped into memory."""
    extractor = DeepFeatureExtractor(
        BACKBONE, image_size=IMAGE_SIZE, store=store, device=device
    )
    paths = sorted(str(path) for path in folder.glob("*.jpg"))
    extractor.transform(paths, out=f"{output}.npy")


WAYS = {"command": by_command, "transform": by_transform}


def main() -> None:
    """Run `way` over a few photos, then over many, and print how memory grew."""
    way, few, many, output, store = WAYS[sys.argv[1]], *map(Path, sys.argv[2:6])
    device = sys.argv[6]
    with tempfile.TemporaryDirectory() as fresh:  # so that the network does run
        way(few, output.with_name("few"), Path(fresh), device)
    is_peak_ours = forget_peak()
    before = status_kib()
    sampler = Sampler()
    started = time.perf_counter()
    with sampler.running():
        way(many, output, store, device)
    seconds, after = time.perf_counter() - started, status_kib()
    grown = {kind: sampler.peak_kib[kind] - before[KINDS[kind]] for kind in KINDS}
    grown["peak"] = after["VmHWM"] - before["VmRSS"]
    mib = {kind: kib / 1024 for kind, kib in grown.items()}
    print(json.dumps({**mib, "seconds": seconds, "is_peak_ours": is_peak_ours}))


if __name__ == "__main__":
    main()
