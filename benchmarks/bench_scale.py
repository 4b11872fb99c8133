"""Images per second into a parquet dataset: one worker on Ray, two, and without Ray.

All on this machine, one core each. Timed is the work alone: from when the first worker
has loaded its network, as it says itself, until all rows are written. Bytes are those
of the JPEG files that were read and of the parquet files; the store's growth is what
importing the dataset into a new feature store takes.

The asking process keeps the paths and a digest of every image, and says who computes
what: its time and memory are measured with made-up digests. From all that follows what
a million images, and a thousand million, would take, if nothing else got in the way.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
import tracemalloc
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import (
    Seconds,
    gather,
    is_installed,
    print_machine,
    print_table,
    ratio,
)
from photo_files import photo_files

from hybridml import FeatureDataset, FeatureStore, extract_features
from hybridml.distributed.ledger import Ledger, choose_block_size

LOCAL = {f"here, {n} thread{'s'[: n - 1]}": {"n_workers": n} for n in (1, 2)}
ON_RAY = {
    f"Ray, {n} worker{'s'[: n - 1]}": {
        "n_workers": n,
        "engine": "ray",
        "address": "local",
    }
    for n in (1, 2)
}


def main() -> None:
    """Measure, and print the tables and the ratios."""
    args = _parse()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # all on the CPU
    logging.getLogger("hybridml").setLevel(logging.ERROR)
    print_machine()
    ways = {**LOCAL, **(ON_RAY if is_installed("ray") else {})}
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch) / "photos"
        photos.mkdir()
        paths, _ = photo_files(args.folder, args.photos, photos)
        runs: dict[str, list[FeatureDataset]] = {way: [] for way in ways}
        contenders = {
            way: partial(_extract, paths, Path(scratch), runs[way], options)
            for way, options in ways.items()
        }
        seconds = gather(contenders, args.rounds)
        _check_same(runs)
        print_table(seconds, dict.fromkeys(ways, len(paths)))
        sizes = _print_bytes(runs, len(paths), Path(scratch) / "store")
        _extrapolate(len(paths) / min(seconds[next(iter(ways))]), sizes)
    one, two = list(ways)[-2:]
    if len(ways) > len(LOCAL):
        _print_ratio(seconds, two, list(LOCAL)[-1])
    _print_ratio(seconds, two, one)


def _extract(
    paths: list[str],
    scratch: Path,
    runs: list[FeatureDataset],
    options: dict[str, Any],
) -> list[float]:
    """Extract into a new folder, and return the seconds of the work."""
    output = tempfile.mkdtemp(dir=scratch)
    runs.append(extract_features(paths, output=output, **options))
    return [runs[-1].manifest["seconds"]]


def _check_same(runs: dict[str, list[FeatureDataset]]) -> None:
    first, *others = [run for found in runs.values() for run in found]
    expected = first.features()
    for other in others:
        if not np.array_equal(other.features(), expected):
            raise SystemExit("The features differ.")


def _print_ratio(seconds: Seconds, faster: str, slower: str) -> None:
    times = ratio(seconds, slower, faster)
    print(f"ratio: {faster}, {times:.2f} times as fast as {slower}")


def _print_bytes(
    runs: dict[str, list[FeatureDataset]], n_images: int, store: Path
) -> dict[str, float]:
    dataset = next(iter(runs.values()))[0]
    dataset.copy_to(FeatureStore(store))
    sizes = {
        "read": dataset.manifest["bytes_read"],
        "written": dataset.manifest["bytes_written"],
        "growth of a store": FeatureStore(store).stats()["bytes"],
    }
    for what, n_bytes in sizes.items():
        print(
            f"{what:20}{n_bytes / 2**20:9.2f} MiB, {n_bytes / n_images:,.0f} an image"
        )
    return {what: n_bytes / n_images for what, n_bytes in sizes.items()}


def _extrapolate(images_per_s: float, sizes: dict[str, float]) -> None:
    """Print what more images would take, by what one has taken."""
    seconds, n_bytes = _driver_costs()
    print(
        f"\nThe asking process: {seconds * 1e6:.1f} microseconds of one core and "
        f"{n_bytes:,.0f} bytes an image."
    )
    print(f"{'':36}{'10^6 images':>14}{'10^9 images':>16}")
    costs = {
        "core hours to compute them": 1 / images_per_s / 3600,
        "hours of the asking process": seconds / 3600,
        "GB of memory there": n_bytes / 1e9,
        "GB of images read": sizes["read"] / 1e9,
        "GB of parquet files": sizes["written"] / 1e9,
        "GB of a feature store": sizes["growth of a store"] / 1e9,
        "parquet files": 1 / choose_block_size(10**9),
    }
    for what, cost in costs.items():
        print(f"{what:36}{cost * 1e6:14,.2f}{cost * 1e9:16,.0f}")
    print()


def _driver_costs(n_images: int = 200_000) -> tuple[float, float]:
    """Measure seconds and bytes an image of saying who computes what."""
    started = time.perf_counter()
    _divide(n_images)
    seconds = time.perf_counter() - started
    tracemalloc.start()
    held = _divide(n_images)
    n_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del held
    return seconds / n_images, n_bytes / n_images


def _divide(n_images: int) -> tuple[Ledger, list[str], list[str]]:
    """Let a ledger go through made-up images; return all that is held meanwhile."""
    given = [f"/mnt/photos/some_class/{i:010}.jpg" for i in range(n_images)]
    located = [str(Path(path).absolute()) for path in given]
    ledger = Ledger(n_images, (), choose_block_size(10**9))
    while (block := ledger.draw()) is not None:
        positions = ledger.positions(block)
        ledger.claim(block, [i.to_bytes(20, "big") for i in positions], {})
        ledger.finish(block)
    return ledger, given, located


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--folder", type=Path, help="photos, one folder per class; else generated")
    add("--photos", type=int, default=512, help="how many")
    add("--rounds", type=int, default=2, help="how often each is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
