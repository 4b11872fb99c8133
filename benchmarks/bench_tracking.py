"""What recording a comparison in MLflow costs, in a SQLite database that is there.

Cases 1 and 2 are compared on the same photos, with an empty store and journal: without
a tracker and with one. Each comparison runs in a new process that has its network
loaded, so that the loading of MLflow, which tracking needs, is in the time of one that
is tracked; and so is the wait at its end until all has arrived.
"""

from __future__ import annotations

import tempfile
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from interleaved import gather, print_machine, print_table, ratio
from photo_files import photo_files

from hybridml import DeepFeatureExtractor, MLflowTracker, compare_transfer_cases
from hybridml.tracking import list_journals

UNTRACKED, TRACKED = "no tracking", "MLflow on SQLite"
BACKBONE = "efficientnet_lite0"

Photos = tuple[list[str], list[str]]


def main() -> None:
    """Measure and print."""
    arguments = _parse()
    print_machine()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        photos = photo_files(arguments.folder, arguments.photos, scratch)
        uri = f"sqlite:///{scratch}/mlflow.db"
        _set_up(uri, scratch)
        size = arguments.image_size
        contenders = {
            UNTRACKED: partial(_in_new_process, photos, None, size, scratch),
            TRACKED: partial(_in_new_process, photos, uri, size, scratch),
        }
        seconds = gather(contenders, arguments.rounds)
        if list_journals(scratch / "journals"):
            raise SystemExit("Not all has arrived in the database.")
    print_table(seconds, dict.fromkeys(seconds, len(photos[0])))
    print(f"ratio {TRACKED} / {UNTRACKED}: {ratio(seconds, TRACKED, UNTRACKED):.2f}")


def _in_new_process(
    photos: Photos, uri: str | None, size: int | None, scratch: Path
) -> list[float]:
    """Seconds of a comparison in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return [process.submit(_time, photos, uri, size, scratch).result()]


def _time(photos: Photos, uri: str | None, size: int | None, scratch: Path) -> float:
    tracker = None
    if uri is not None:
        tracker = MLflowTracker(uri, journal=scratch / "journals")
    DeepFeatureExtractor(BACKBONE, store=None).fit_transform(photos[0][:1])
    with tempfile.TemporaryDirectory() as store:
        started = time.perf_counter()
        compare_transfer_cases(
            *photos,
            backbones=BACKBONE,
            cases=[1, 2],
            cv=3,
            epochs=2,
            image_size=size,
            store=store,
            journal=None,
            tracker=tracker,
        )
        return time.perf_counter() - started


def _set_up(uri: str, scratch: Path) -> None:
    """Make the database and its tables."""
    with MLflowTracker(uri, journal=scratch / "journals").run("set up"):
        pass


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--folder", type=Path, help="photos, one folder per class; else generated")
    add("--photos", type=int, default=120, help="how many photos")
    add("--image-size", type=int, help="side of the network's input in pixels")
    add("--rounds", type=int, default=3, help="how often each is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
