"""Rows per second into and out of the feature store: LMDB, SQLite and .npy files.

Rows of 1,280 float32, written in batches of 64 with a commit each, read back one by one
in random order, as `transform` asks for them. "by hand" is without a checksum. Then a
`transform` of stored photos given as paths, with everything that it does around the
reading: again and again in one process, and as the first one of a new process that has
its network loaded. Each row holds all ten stages of efficientnet_lite0.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import lmdb
import numpy as np
from interleaved import measure, print_machine, print_table, ratio
from PIL import Image

from hybridml import DeepFeatureExtractor, FeatureStore

WIDTH, BATCH = 1280, 64
MAP_BYTES = 4 * 2**30
SETTLED_S = 2.5  # from then on the store remembers what a file holds

Keys = list[bytes]
Rows = np.ndarray
Write = Callable[[Path, Keys, Rows], None]
Read = Callable[[Path, Keys], Rows]


def write_store(folder: Path, keys: Keys, rows: Rows) -> None:
    """Write with hybridml."""
    store = FeatureStore(folder)
    for part in _batches(keys):
        store.write(keys[part], rows[part], widths=(WIDTH,))
    store.close()


def read_store(folder: Path, keys: Keys) -> Rows:
    """Read with hybridml."""
    out = np.empty((len(keys), WIDTH), dtype=np.float32)
    store = FeatureStore(folder)
    if not store.read(keys, out, widths=(WIDTH,), wanted=(0,)).all():
        raise SystemExit("The store has lost rows.")
    store.close()
    return out


def write_lmdb(folder: Path, keys: Keys, rows: Rows) -> None:
    """Write with LMDB by hand."""
    with lmdb.open(str(folder), map_size=MAP_BYTES, metasync=False) as environment:
        for part in _batches(keys):
            with environment.begin(write=True) as transaction:
                for key, row in zip(keys[part], rows[part], strict=True):
                    transaction.put(key, row.tobytes())


def read_lmdb(folder: Path, keys: Keys) -> Rows:
    """Read with LMDB by hand."""
    out = np.empty((len(keys), WIDTH), dtype=np.float32)
    with (
        lmdb.open(str(folder), map_size=MAP_BYTES) as environment,
        environment.begin(buffers=True) as transaction,
    ):
        for i, key in enumerate(keys):
            out[i] = np.frombuffer(transaction.get(key), dtype=np.float32)
    return out


def write_sqlite(folder: Path, keys: Keys, rows: Rows) -> None:
    """Write with SQLite, in WAL mode."""
    connection = sqlite3.connect(folder / "rows.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE rows (key BLOB PRIMARY KEY, row BLOB)")
    for part in _batches(keys):
        pairs = zip(keys[part], map(np.ndarray.tobytes, rows[part]), strict=True)
        with connection:
            connection.executemany("INSERT INTO rows VALUES (?, ?)", pairs)
    connection.close()


def read_sqlite(folder: Path, keys: Keys) -> Rows:
    """Read with SQLite."""
    out = np.empty((len(keys), WIDTH), dtype=np.float32)
    connection = sqlite3.connect(folder / "rows.sqlite")
    query = "SELECT row FROM rows WHERE key = ?"
    for i, key in enumerate(keys):
        (row,) = connection.execute(query, (key,)).fetchone()
        out[i] = np.frombuffer(row, dtype=np.float32)
    connection.close()
    return out


def write_files(folder: Path, keys: Keys, rows: Rows) -> None:
    """Write a .npy file for each row."""
    for name in {key.hex()[:2] for key in keys}:
        (folder / name).mkdir()
    for key, row in zip(keys, rows, strict=True):
        np.save(_file(folder, key), row)


def read_files(folder: Path, keys: Keys) -> Rows:
    """Read the .npy files."""
    out = np.empty((len(keys), WIDTH), dtype=np.float32)
    for i, key in enumerate(keys):
        out[i] = np.load(_file(folder, key))
    return out


ENGINES: dict[str, tuple[Write, Read]] = {
    "hybridml's store (LMDB)": (write_store, read_store),
    "LMDB by hand": (write_lmdb, read_lmdb),
    "SQLite by hand, WAL": (write_sqlite, read_sqlite),
    ".npy files": (write_files, read_files),
}


def main() -> None:
    """Measure, and print the table and the ratios."""
    args = _parse()
    print_machine()
    random = np.random.default_rng(0)
    rows = random.standard_normal((args.rows, WIDTH)).astype(np.float32)
    keys = [random.bytes(36) for _ in range(args.rows)]
    with tempfile.TemporaryDirectory() as scratch:
        order = random.permutation(args.rows)
        folders = _fill_and_check(Path(scratch), keys, rows, order)
        shuffled = [keys[i] for i in order]
        calls: dict[str, Callable[[], object]] = {}
        for name, (write, read) in ENGINES.items():
            calls[f"write, {name}"] = partial(_write_anew, write, keys, rows)
            calls[f"read, {name}"] = partial(read, folders[name], shuffled)
        paths, store = _store_photos(Path(scratch), args.rows)
        transform = "transform of stored photos"
        calls[transform] = partial(_extractor(store).transform, paths)
        seconds = measure(calls, args.rounds)
        seconds[f"{transform}, 1st call"] = [
            _first_transform(paths, store) for _ in range(args.rounds)
        ]
    print_table(seconds, dict.fromkeys(seconds, args.rows))
    ours, raw, *others = ENGINES
    read, written = (
        ", ".join(
            f"{name} {ratio(seconds, f'{what}, {name}', f'{what}, {ours}'):.1f}"
            for name in (raw, *others)
        )
        for what in ("read", "write")
    )
    print(f"ratio to {ours}, times as long: reading {read}; writing {written}")


def _batches(keys: Keys) -> Iterator[slice]:
    return (slice(start, start + BATCH) for start in range(0, len(keys), BATCH))


def _file(folder: Path, key: bytes) -> Path:
    name = key.hex()
    return folder / name[:2] / f"{name}.npy"


def _write_anew(write: Write, keys: Keys, rows: Rows) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), keys, rows)


def _fill_and_check(
    scratch: Path, keys: Keys, rows: Rows, order: np.ndarray
) -> dict[str, Path]:
    """Write the rows once with each engine, and see that all read the same."""
    folders = {}
    for number, (name, (write, read)) in enumerate(ENGINES.items()):
        folders[name] = scratch / str(number)
        folders[name].mkdir()
        write(folders[name], keys, rows)
        found = read(folders[name], [keys[i] for i in order])
        if not np.array_equal(found, rows[order]):
            raise SystemExit(f"{name} does not give back what was written.")
    return folders


def _store_photos(scratch: Path, n_photos: int) -> tuple[list[str], Path]:
    """Store the features of generated photos; return their paths, shuffled."""
    random = np.random.default_rng(0)
    (scratch / "photos").mkdir()
    paths = [str(scratch / "photos" / f"{i}.jpg") for i in range(n_photos)]
    for path in paths:
        pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    time.sleep(SETTLED_S)
    store = scratch / "transform"
    _extractor(store).transform(paths)
    return [str(path) for path in random.permutation(paths)], store


def _extractor(store: Path) -> DeepFeatureExtractor:
    return DeepFeatureExtractor("efficientnet_lite0", image_size=64, store=store)


def _first_transform(paths: list[str], store: Path) -> float:
    """Seconds of the first transform in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_time_first_transform, paths, store).result()


def _time_first_transform(paths: list[str], store: Path) -> float:
    extractor = _extractor(store).fit(paths[:1])
    extractor.transform(paths[:1])  # loads the network
    started = time.perf_counter()
    extractor.transform(paths)
    return time.perf_counter() - started


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--rows", type=int, default=10_000, help="how many rows, and photos")
    add("--rounds", type=int, default=3, help="how often each is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
