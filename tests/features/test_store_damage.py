"""What a feature store survives: cut and overwritten files, no room, no permission."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import lmdb
import numpy as np
import pytest

from hybridml import FeatureStore
from hybridml.exceptions import StoreWarning
from hybridml.features import opening

resource = pytest.importorskip("resource", reason="limits are of another kind")

N_ROWS, WIDTH = 300, 600
ROWS = np.random.default_rng(0).standard_normal((N_ROWS, WIDTH)).astype(np.float32)
KEYS = [random.Random(i).randbytes(36) for i in range(N_ROWS)]
NOBODY = 65534

Damage = str


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store of 300 rows that were written in ten batches."""
    store = FeatureStore(tmp_path_factory.mktemp("intact"))
    for start in range(0, N_ROWS, 30):
        part = slice(start, start + 30)
        store.write(KEYS[part], ROWS[part], widths=(WIDTH,), counts={"hits": 1})
    store.close()
    return store.path


@pytest.fixture
def copy(intact: Path) -> Iterator[Path]:
    """A copy of the store that other users may look into."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield shutil.copytree(intact, path / "store")


def n_found(store: FeatureStore) -> int:
    """Count the rows that are found, and see that those are as they were written."""
    out = np.zeros_like(ROWS)
    found = store.read(KEYS, out, widths=(WIDTH,), wanted=(0,))
    np.testing.assert_array_equal(out[found], ROWS[found])
    return int(found.sum())


def cut(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(1, len(content))]


def halve(content: bytearray, chance: random.Random) -> bytearray:
    return content[: len(content) // 2]


def overwrite_pages(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 3, 30))):
        start = 4096 * chance.randrange(len(content) // 4096)
        content[start : start + 4096] = chance.randbytes(4096)
    return content


def blank_sectors(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 3, 30))):
        start = 512 * chance.randrange(len(content) // 512)
        content[start : start + 512] = bytes(512)
    return content


def survive(intact: str, kind: str, n_trials: int) -> None:
    """Damage copies of a store in some way, and use each; a crash ends the process."""
    warnings.simplefilter("ignore", StoreWarning)
    damage = {f.__name__: f for f in (cut, halve, overwrite_pages, blank_sectors)}[kind]
    for trial in range(n_trials):
        with tempfile.TemporaryDirectory() as folder:
            path = shutil.copytree(intact, Path(folder) / "store")
            file = next(path.glob("v*/data.mdb"))
            content = damage(bytearray(file.read_bytes()), random.Random(trial))
            file.write_bytes(content)
            store = FeatureStore(path)
            n_found(store)
            store.stats()
            store.verify(repair=True)
            store.count({"hits": 1}, used=KEYS)
            for part in (KEYS[:100], KEYS[100:]):
                at = [KEYS.index(key) for key in part]
                store.write(part, ROWS[at], widths=(WIDTH,))
            assert store.problem is None
            assert n_found(store) == N_ROWS, f"{kind}, trial {trial}"
            store.prune(0)
            store.close()


@pytest.mark.parametrize("kind", ["cut", "halve", "overwrite_pages", "blank_sectors"])
def test_a_damaged_file_costs_rows_and_no_more(intact: Path, kind: str) -> None:
    # In a process of its own: what is tested might kill it.
    code = (
        "import runpy; "
        f"names = runpy.run_path({__file__!r}); "
        f"names['survive']({str(intact)!r}, {kind!r}, 25)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_damage_to_features_costs_only_their_rows(copy: Path) -> None:
    file = next(copy.glob("v*/data.mdb"))
    content = file.read_bytes()
    row = ROWS[7].tobytes()
    assert content.count(row) == 1
    file.write_bytes(content.replace(row, row[:99] + b"x" + row[100:]))
    store = FeatureStore(copy)
    assert n_found(store) == N_ROWS - 1
    assert store.verify()["damaged"] == 1
    assert store.verify(repair=True)["damaged"] == 1
    assert store.verify() == {
        "rows": N_ROWS - 1,
        "damaged": 0,
        "unlisted": 0,
        "missing": 0,
        "set_aside": 0,
    }


def test_verify_finds_and_repairs_what_is_listed_wrongly(copy: Path) -> None:
    store = FeatureStore(copy)

    def mix_up(databases: opening.Databases, transaction: lmdb.Transaction) -> None:
        transaction.delete(KEYS[0], db=databases.rows)
        transaction.delete(KEYS[1], db=databases.used)

    store._engine.write(mix_up)
    found = store.verify(repair=True)
    assert (found["missing"], found["unlisted"], found["damaged"]) == (1, 1, 0)
    assert not any(store.verify()[kind] for kind in ("missing", "unlisted"))
    assert n_found(store) == N_ROWS - 1


def test_verify_tells_of_a_file_that_was_set_aside(copy: Path) -> None:
    next(copy.glob("v*/data.mdb")).write_bytes(b"no database" * 1000)
    with pytest.warns(StoreWarning, match="was damaged and is now at"):
        assert FeatureStore(copy).verify()["set_aside"] == 1


def test_a_store_that_is_removed_while_in_use_begins_anew(copy: Path) -> None:
    store = FeatureStore(copy)
    assert n_found(store) == N_ROWS
    shutil.rmtree(copy)
    assert n_found(store) == 0
    store.write(KEYS[:5], ROWS[:5], widths=(WIDTH,))
    assert n_found(store) == n_found(FeatureStore(copy)) == 5


def test_only_the_first_to_see_the_damage_sets_the_file_aside(copy: Path) -> None:
    next(copy.glob("v*/data.mdb")).write_bytes(b"no database" * 1000)
    first, second = FeatureStore(copy), FeatureStore(copy)
    seen = opening.file_id(second._engine.folder)
    with pytest.warns(StoreWarning, match="was damaged"):
        first.write(KEYS, ROWS, widths=(WIDTH,))
    second._engine._set_aside(seen)
    assert n_found(second) == N_ROWS


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Be nobody in particular for a while: permissions do not bind root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


@pytest.fixture
def locked(copy: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A store whose files and folders cannot be written."""
    everything = [copy, *copy.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    request.getfixturevalue("unprivileged")
    yield copy
    if os.getuid() == 0:
        os.seteuid(0)
    for path in everything:
        path.chmod(0o755)


def test_a_read_only_store_is_read_and_says_so_once(locked: Path) -> None:
    store = FeatureStore(locked)
    assert n_found(store) == N_ROWS
    assert store.stats()["hits"] == 10
    assert store.verify()["rows"] == N_ROWS
    with pytest.warns(StoreWarning, match="cannot be written .it is read-only"):
        store.count({"hits": 1}, used=KEYS)
    store.write([b"new"], ROWS[:1], widths=(WIDTH,))
    store.clear()
    assert store.lock_folder() is None
    assert n_found(store) == N_ROWS
    assert store.problem is None


def test_stored_images_are_found_in_a_read_only_store(
    copy: Path, request: pytest.FixtureRequest
) -> None:
    # Not at the top: the processes that `survive` runs in need no torch.
    from hybridml import DeepFeatureExtractor
    from hybridml.testing import make_photos, register_tiny_backbone

    photos, _ = make_photos(6)
    name = register_tiny_backbone()
    expected = DeepFeatureExtractor(name, store=FeatureStore(copy)).transform(photos)
    FeatureStore(copy).close()
    store = FeatureStore(request.getfixturevalue("locked"))
    extractor = DeepFeatureExtractor(name, store=store)
    with pytest.warns(StoreWarning, match="it is read-only"):
        found = extractor.transform(photos)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(extractor.transform(photos), expected)
    assert store.stats()["images_forwarded"] == len(photos)


def test_a_read_only_store_that_was_cut_off_is_not_used(
    copy: Path, request: pytest.FixtureRequest
) -> None:
    file = next(copy.glob("v*/data.mdb"))
    os.truncate(file, file.stat().st_size // 2)
    store = FeatureStore(request.getfixturevalue("locked"))
    with pytest.warns(StoreWarning, match="cannot be used"):
        assert n_found(store) == 0
    assert store.problem is not None


@pytest.fixture(params=["Read-only file system", "Permission denied"])
def unlockable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no lock file be written."""
    really_open = lmdb.open

    def open_as_there(path: str, **options: object) -> lmdb.Environment:
        if options.get("lock", True):
            raise lmdb.Error(f"{path}: {request.param}")
        return really_open(path, **options)

    monkeypatch.setattr(lmdb, "open", open_as_there)


@pytest.mark.usefixtures("unlockable")
def test_a_read_only_file_system_needs_no_lock(copy: Path) -> None:
    store = FeatureStore(copy)
    assert n_found(store) == N_ROWS
    with pytest.warns(StoreWarning, match="it is read-only"):
        store.write([b"new"], ROWS[:1], widths=(WIDTH,))


@pytest.mark.usefixtures("unlockable")
def test_a_file_with_the_inode_of_a_removed_one_is_another(copy: Path) -> None:
    # Without a lock its file is not held open: the next one may be given its inode.
    other = shutil.copytree(copy, copy.with_name("other"))
    freed, given = (next(path.glob("v*/lock.mdb")) for path in (copy, other))
    given.unlink()
    given.hardlink_to(freed)
    removed = FeatureStore(copy)
    assert n_found(removed) == N_ROWS
    shutil.rmtree(copy)
    assert n_found(FeatureStore(other)) == N_ROWS


def test_a_store_that_is_out_of_sight_for_a_while_stays_open(copy: Path) -> None:
    store = FeatureStore(copy)
    assert n_found(store) == N_ROWS
    held = opening.open_databases(store._engine.folder, 2**30)  # as a thread might
    elsewhere = copy.rename(copy.with_name("elsewhere"))
    other = FeatureStore(copy.with_name("other"))
    other.write(KEYS[:1], ROWS[:1], widths=(WIDTH,))
    elsewhere.rename(copy)
    assert n_found(store) == N_ROWS
    assert opening.open_databases(store._engine.folder, 2**30) is held


def test_a_full_disk_costs_one_warning_and_what_is_stored_is_read(copy: Path) -> None:
    store = FeatureStore(copy)
    assert n_found(store) == N_ROWS
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    n_bytes = next(copy.glob("v*/data.mdb")).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        with pytest.warns(StoreWarning, match="cannot be written .*nothing is added"):
            store.write(KEYS, ROWS + 1, widths=(WIDTH,), counts={"hits": 1})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            store.write(KEYS, ROWS + 1, widths=(WIDTH,))
            assert n_found(store) == N_ROWS
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert FeatureStore(copy).stats()["hits"] == 10
    assert n_found(FeatureStore(copy)) == N_ROWS


def test_an_older_format_is_not_read_and_goes_with_clear(copy: Path) -> None:
    current = next(copy.glob("v*"))
    older, newer = copy / "v1", copy / "v99"
    current.rename(older)
    shutil.copytree(older, newer)
    store = FeatureStore(copy)
    assert n_found(store) == 0
    assert store.stats()["leftover_bytes"] > ROWS.nbytes
    store.clear()
    assert store.stats()["leftover_bytes"] == 0
    assert (newer.exists(), older.exists()) == (True, False)
