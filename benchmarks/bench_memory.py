"""How far memory grows while the features of many photos go to a file.

Beyond the loaded network that has run a batch; each extraction in a process of its own.
Small generated photos; first with an empty store, then once more from the store, whose
file is mapped into memory: those pages count as file, and the system takes them back
when it needs room. What only grows with the number of photos shows in the ratio to the
size of the features: below 1, they were never all in memory. Linux only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from pathlib import Path
from statistics import median
from typing import Any

from interleaved import print_machine
from memory_probe import STATUS, WAYS
from photo_files import generate_photos

PROBE = Path(__file__).with_name("memory_probe.py")
SIZE = (96, 72)  # pixels
N_FEW = 64
N_FEATURES = 1280  # of efficientnet_lite0
STATES = ("cold", "warm")
KINDS = {"peak": "peak MiB", "anonymous": "anonymous", "file": "file", "seconds": "s"}

Found = dict[tuple[str, str], list[dict[str, Any]]]


def main() -> None:
    """Measure, and print the table and the ratios."""
    args = _parse()
    if not STATUS.exists():
        raise SystemExit(f"This needs {STATUS}, which only Linux has.")
    print_machine(args.device)
    with tempfile.TemporaryDirectory() as scratch:
        few, many = Path(scratch) / "few_photos", Path(scratch) / "photos"
        few.mkdir()
        many.mkdir()
        generate_photos(N_FEW, few, SIZE, seed=1)
        generate_photos(args.photos, many, SIZE)
        found: Found = {(way, state): [] for way in WAYS for state in STATES}
        for number in range(args.rounds):
            for way, results in _round(few, many, args.device):
                found[way].append(results)
            print(f"round {number + 1} of {args.rounds} done", flush=True)
    _print_table(found, args.photos)
    _print_ratios(found, args.photos)


def _round(
    few: Path, many: Path, device: str
) -> list[tuple[tuple[str, str], dict[str, Any]]]:
    """Run each way with an empty store, then again with what is in it by then."""
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for state in STATES:
            for way in WAYS:
                folder = Path(scratch) / way
                folder.mkdir(exist_ok=True)
                paths = few, many, folder / "features", folder / "store"
                found.append(((way, state), _probe(way, *paths, device=device)))
    return found


def _probe(way: str, *paths: Path, device: str) -> dict[str, Any]:
    command = [sys.executable, str(PROBE), way, *map(str, paths), device]
    # The command takes a GPU if it sees one.
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {}
    done = subprocess.run(
        command, env={**os.environ, **hidden}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"An extraction failed ({way}):\n{done.stderr}")
    results: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return results


def _print_table(found: Found, n_photos: int) -> None:
    size = _features_mib(n_photos)
    print(f"\n{n_photos} photos, {size:.1f} MiB of features. Growth, best and median:")
    print(f"{'':24}" + "".join(f"{title:>18}" for title in KINDS.values()))
    for (way, state), rounds in found.items():
        columns = [[results[kind] for results in rounds] for kind in KINDS]
        cells = [f"{min(column):9.1f}{median(column):9.1f}" for column in columns]
        print(f"{f'{way}, {state}':24}" + "".join(cells))
    if not all(
        results["is_peak_ours"] for rounds in found.values() for results in rounds
    ):
        print("The peak is that since the start: to reset it is not allowed here.")
    print()


def _print_ratios(found: Found, n_photos: int) -> None:
    size = _features_mib(n_photos)
    for state in STATES:
        shares = {
            way: median(results["anonymous"] for results in found[way, state]) / size
            for way in WAYS
        }
        print(
            f"ratio: of the features' size, memory (anonymous) grows {state} by "
            f"{shares['command']:.2f} with the command, {shares['transform']:.2f} with "
            "transform"
        )


def _features_mib(n_photos: int) -> float:
    return n_photos * N_FEATURES * 4 / 2**20


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--photos", type=int, default=2000, help="how many photos")
    add("--device", default="cpu", help="where the network runs, as PyTorch calls it")
    add("--rounds", type=int, default=1, help="how often each is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
