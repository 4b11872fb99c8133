from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import signal
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from hybridml import FeatureStore
from hybridml.exceptions import InvalidParameterError, StoreWarning
from hybridml.features import open_store


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


def rows(n_rows: int, n_columns: int = 4, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_rows, n_columns)).astype(np.float32)


def keys(n_keys: int, prefix: str = "key") -> list[bytes]:
    return [f"{prefix}{i}".encode() for i in range(n_keys)]


def test_rows_come_back_bit_for_bit(store: FeatureStore) -> None:
    written = rows(5)
    store.write(keys(5), written)
    out = np.zeros((5, 4), dtype=np.float32)
    assert store.read(keys(5), out).all()
    np.testing.assert_array_equal(out, written)


def test_a_span_of_columns_can_be_read(store: FeatureStore) -> None:
    written = rows(3, 6)
    store.write(keys(3), written)
    out = np.zeros((3, 2), dtype=np.float32)
    assert store.read(keys(3), out, offset=3).all()
    np.testing.assert_array_equal(out, written[:, 3:5])


def test_absent_rows_are_left_as_they_are(store: FeatureStore) -> None:
    store.write([b"a"], rows(1))
    out = np.full((2, 4), 7.0, dtype=np.float32)
    found = store.read([b"b", b"a"], out)
    assert found.tolist() == [False, True]
    assert (out[0] == 7.0).all()


def test_a_row_too_short_for_the_span_is_a_miss(store: FeatureStore) -> None:
    store.write([b"a"], rows(1, 3))
    assert not store.read([b"a"], np.zeros((1, 4), dtype=np.float32)).any()


def test_a_damaged_row_is_a_miss(store: FeatureStore) -> None:
    store.write([b"a"], rows(1))

    def damage(databases: object) -> None:
        with databases.environment.begin(write=True, db=databases.rows) as transaction:
            value = bytearray(transaction.get(b"a"))
            value[-1] ^= 1
            transaction.put(b"a", bytes(value))

    store._engine.run(damage)
    assert not store.read([b"a"], np.zeros((1, 4), dtype=np.float32)).any()


def test_reading_an_unwritten_store_makes_no_folder(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "new")
    assert not store.read([b"a"], np.zeros((1, 1), dtype=np.float32)).any()
    assert store.stats()["rows"] == 0
    assert not (tmp_path / "new").exists()


def test_counters_add_up_over_objects(store: FeatureStore) -> None:
    store.count({"hits": 2, "misses": 1})
    other = FeatureStore(store.path)
    other.count({"hits": 3, "images_forwarded": 4})
    stats = store.stats()
    assert (stats["hits"], stats["misses"], stats["images_forwarded"]) == (5, 1, 4)
    assert store.counter("hits") == 5
    assert store.counter("never added to") == 0


def test_prune_evicts_what_was_unused_for_longest(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    for age_hours, prefix in ((30, "old"), (20, "used again"), (10, "new")):
        monkeypatch.setattr(time, "time", lambda age=age_hours: now - age * 3600)
        store.write(keys(50, prefix), rows(50, 200))
    monkeypatch.setattr(time, "time", lambda: now)
    store.count({}, used=keys(50, "used again"))
    assert store.prune(store.stats()["bytes"] * 2 // 3) > 0
    out = np.zeros((50, 200), dtype=np.float32)
    assert not store.read(keys(50, "old"), out).any()
    assert store.read(keys(50, "used again"), out).all()


def test_a_full_store_evicts_by_itself(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, max_bytes=2**20)
    for i in range(10):
        store.write(keys(100, f"{i}-"), rows(100, 1000))
    assert 0 < store.stats()["bytes"] <= 2**20


def test_rows_that_cannot_fit_cost_a_warning_and_no_more(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, max_bytes=2**20)
    store.write([b"small"], rows(1))
    with pytest.warns(StoreWarning, match="30 rows do not fit .* Raise max_bytes"):
        store.write(keys(30), rows(30, 1_000_000))
    store.write([b"small"], rows(1))
    assert store.read([b"small"], np.zeros((1, 4), dtype=np.float32)).all()


def test_clear_removes_rows_and_counters(store: FeatureStore) -> None:
    store.write([b"a"], rows(1))
    store.count({"hits": 1})
    store.clear()
    stats = store.stats()
    assert (stats["rows"], stats["hits"]) == (0, 0)


def test_copies_and_pickles_share_the_store(store: FeatureStore) -> None:
    store.write([b"a"], rows(1))
    for other in (copy.deepcopy(store), pickle.loads(pickle.dumps(store))):
        assert other.read([b"a"], np.zeros((1, 4), dtype=np.float32)).all()


def test_a_folder_that_cannot_be_written_costs_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = FeatureStore(tmp_path / "file")
    with pytest.warns(StoreWarning, match="cannot be used .*HYBRIDML_STORE"):
        store.write([b"a"], rows(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.write([b"a"], rows(1))
        assert not store.read([b"a"], np.zeros((1, 4), dtype=np.float32)).any()


def test_a_damaged_file_is_set_aside(store: FeatureStore) -> None:
    store.write([b"a"], rows(1))
    store.close()
    data = next(store.path.glob("v*/data.mdb"))
    data.write_bytes(b"no database" * 1000)
    with pytest.warns(StoreWarning, match="was damaged and is now at"):
        store.write([b"b"], rows(1))
    assert store.stats()["rows"] == 1
    assert list(store.path.glob("damaged-*/data.mdb"))


def _write_forever(path: str) -> None:
    store, i = FeatureStore(path), 0
    while True:
        store.write(keys(20, f"{i}-"), rows(20, 500, seed=i))
        i += 1


def test_a_killed_writer_loses_nothing_committed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_write_forever, args=(str(tmp_path),))
    process.start()
    store = FeatureStore(tmp_path)
    deadline = time.monotonic() + 60
    while store.stats()["rows"] < 200 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    n_batches = store.stats()["rows"] // 20
    assert n_batches >= 10
    for i in range(n_batches):
        out = np.zeros((20, 500), dtype=np.float32)
        assert store.read(keys(20, f"{i}-"), out).all()
        np.testing.assert_array_equal(out, rows(20, 500, seed=i))


def test_open_store_understands_the_parameter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDML_STORE", str(tmp_path / "named"))
    assert open_store("default").path == tmp_path / "named"
    assert open_store(tmp_path).path == tmp_path
    assert open_store(None) is None
    with pytest.raises(InvalidParameterError, match=r"Got store=3; expected 'default'"):
        open_store(3)


def test_max_bytes_must_be_sensible(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="Got max_bytes=10; expected"):
        FeatureStore(tmp_path, max_bytes=10)
