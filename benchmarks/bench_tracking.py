"""What recording a comparison in MLflow costs, in a database and over a server.

The cases are compared on the same photos, with an empty store and journal: without a
tracker, with MLflow on SQLite, and with a live server on this machine. Each comparison
runs in a new process that has its network loaded, so that the loading of MLflow, which
tracking needs, is in the time of one that is tracked; and so is the wait at its end
until all has arrived.
"""

from __future__ import annotations

import signal
import tempfile
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from interleaved import gather, print_machine, print_table, ratio
from photo_files import photo_files
from tracking_server import tracking_server

from hybridml import DeepFeatureExtractor, MLflowTracker, compare_transfer_cases
from hybridml.tracking import list_journals

UNTRACKED = "no tracker"
ON_SQLITE, ON_SERVER = "MLflow on SQLite", "MLflow over a server"
BACKBONE = "efficientnet_lite0"


@dataclass(frozen=True)
class Task:
    """Photos to compare on, how, and a folder for what is left of it."""

    paths: list[str]
    labels: list[str]
    cases: list[int]
    folds: int
    epochs: int
    image_size: int | None
    scratch: Path

    @property
    def journals(self) -> Path:
        """Folder of the trackers' journals."""
        return self.scratch / "journals"

    def first(self, n_photos: int) -> Task:
        """Return the same task with fewer photos."""
        paths, labels = self.paths[:n_photos], self.labels[:n_photos]
        return replace(self, paths=paths, labels=labels)


def main() -> None:
    """Measure, and print the table and the ratios."""
    # What is started in the background inherits that interrupts are ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = _parse()
    print_machine()
    # An interrupted comparison may still be writing there.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        photos = photo_files(arguments.folder, arguments.photos, scratch)
        how = (arguments.cases, arguments.folds, arguments.epochs, arguments.image_size)
        task = Task(*photos, *how, scratch)
        with tracking_server(scratch) as server:
            stores = {
                UNTRACKED: None,
                ON_SQLITE: f"sqlite:///{scratch}/beside.db",
                ON_SERVER: server,
            }
            seconds = _measure(task, stores, arguments.rounds)
        if list_journals(task.journals):
            raise SystemExit("Not all has arrived in MLflow.")
    print_table(seconds, dict.fromkeys(seconds, len(task.paths)))
    for tracked in (ON_SQLITE, ON_SERVER):
        found = ratio(seconds, tracked, UNTRACKED)
        print(f"ratio {tracked} / {UNTRACKED}: {found:.2f}")


def _measure(
    task: Task, stores: dict[str, str | None], rounds: int
) -> dict[str, list[float]]:
    # Warm up: files are read, and a new database gets tables. The server has its own.
    # A fold's training part needs two photos of a class at least.
    few = 2 * task.folds * len(set(task.labels))
    _in_new_process(task.first(few), stores[ON_SQLITE])
    contenders = {
        name: partial(_in_new_process, task, uri) for name, uri in stores.items()
    }
    return gather(contenders, rounds)


def _in_new_process(task: Task, uri: str | None) -> list[float]:
    """Seconds of a comparison in a new process, which does not outlive this one."""
    receiver, sender = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(target=_send, args=(sender, task, uri))
    process.start()
    sender.close()
    try:
        seconds: float = receiver.recv()
        process.join()
    except EOFError as error:
        raise SystemExit("The comparison has failed.") from error
    finally:
        process.kill()
        process.join()
    return [seconds]


def _send(sender: Connection, task: Task, uri: str | None) -> None:
    sender.send(_time(task, uri))


def _time(task: Task, uri: str | None) -> float:
    tracker = None if uri is None else MLflowTracker(uri, journal=task.journals)
    DeepFeatureExtractor(BACKBONE, store=None).fit_transform(task.paths[:1])
    with tempfile.TemporaryDirectory() as store:
        started = time.perf_counter()
        compare_transfer_cases(
            task.paths,
            task.labels,
            backbones=BACKBONE,
            cases=task.cases,
            cv=task.folds,
            epochs=task.epochs,
            image_size=task.image_size,
            store=store,
            journal=None,
            tracker=tracker,
        )
        return time.perf_counter() - started


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--folder", type=Path, help="photos, one folder per class; else generated")
    add("--photos", type=int, default=60, help="how many photos")
    add("--cases", type=int, nargs="+", default=[1, 2], help="of 0 to 4")
    add("--folds", type=int, default=3, help="how many folds")
    add("--epochs", type=int, default=2, help="of fine-tuning")
    add("--image-size", type=int, help="side of the network's input in pixels")
    add("--rounds", type=int, default=2, help="how often each is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
