"""Images per second into a parquet dataset: one worker on Ray, two, and without Ray.

All on this machine, one core each. Timed is the work alone: from when the first worker
has loaded its network, as it says itself, until all rows are written. Bytes are those
of the JPEG files that were read and of the parquet files; the store's growth is what
importing the dataset into a new feature store takes.
"""

from __future__ import annotations

import logging
import os
import tempfile
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
        _print_bytes(runs, len(paths), Path(scratch) / "store")
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
) -> None:
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
