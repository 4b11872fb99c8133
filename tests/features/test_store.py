from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import signal
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from hybridml import FeatureStore
from hybridml.exceptions import InvalidParameterError, StoreWarning
from hybridml.features import open_store
from hybridml.features.opening import Databases, Transaction


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


def rows(n_rows: int, n_columns: int = 4, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_rows, n_columns)).astype(np.float32)


def write(store: FeatureStore, keys: list[bytes], rows: np.ndarray) -> None:
    """Write rows of one field."""
    store.write(keys, rows, widths=rows.shape[1:])


def read(store: FeatureStore, keys: list[bytes], n_columns: int = 4) -> np.ndarray:
    """Read rows of one field; those not found are zeros."""
    out = np.zeros((len(keys), n_columns), dtype=np.float32)
    found = store.read(keys, out, widths=(n_columns,), wanted=(0,))
    np.testing.assert_array_equal(found, out.any(axis=1))
    return out


def has(store: FeatureStore, keys: list[bytes], n_columns: int = 4) -> np.ndarray:
    return read(store, keys, n_columns).any(axis=1)


def keys(n_keys: int, prefix: str = "key") -> list[bytes]:
    return [f"{prefix}{i}".encode() for i in range(n_keys)]


def damage(store: FeatureStore, key: bytes, position: int) -> None:
    """Flip a bit of a stored row."""

    def flip(databases: Databases, transaction: Transaction) -> None:
        value = bytearray(transaction.get(key, db=databases.rows))
        value[position] ^= 1
        transaction.put(key, bytes(value), db=databases.rows)

    store._engine.write(flip)


def test_rows_come_back_bit_for_bit(store: FeatureStore) -> None:
    written = rows(5)
    write(store, keys(5), written)
    np.testing.assert_array_equal(read(store, keys(5)), written)


@pytest.mark.parametrize("wanted", [(0,), (2,), (1, 2), (2, 0), (0, 1, 2)])
def test_any_fields_can_be_read_in_any_order(
    store: FeatureStore, wanted: tuple[int, ...]
) -> None:
    written, widths = rows(3, 6), (1, 3, 2)
    store.write(keys(3), written, widths=widths)
    fields = np.split(written, np.cumsum(widths)[:-1], axis=1)
    expected = np.concatenate([fields[i] for i in wanted], axis=1)
    out = np.zeros_like(expected)
    assert store.read(keys(3), out, widths=widths, wanted=wanted).all()
    np.testing.assert_array_equal(out, expected)


def test_rows_can_be_read_into_a_slice(store: FeatureStore) -> None:
    written = rows(3)
    write(store, keys(3), written)
    out = np.zeros((4, 9), dtype=np.float32)
    store.read(keys(3), out[1:, 2:6], widths=(4,), wanted=(0,))
    np.testing.assert_array_equal(out[1:, 2:6], written)
    assert np.count_nonzero(out) == written.size


def test_no_keys_find_no_rows(store: FeatureStore) -> None:
    write(store, [], rows(0))
    assert read(store, []).shape == (0, 4)
    write(store, [b"a"], rows(1))
    assert read(store, []).shape == (0, 4)


def test_absent_rows_are_left_as_they_are(store: FeatureStore) -> None:
    write(store, [b"a"], rows(1))
    out = np.full((2, 4), 7.0, dtype=np.float32)
    found = store.read([b"b", b"a"], out, widths=(4,), wanted=(0,))
    assert found.tolist() == [False, True]
    assert (out[0] == 7.0).all()


@pytest.mark.parametrize("widths", [(3,), (5,), (2, 2), (1, 3), (4, 1)])
def test_a_row_of_other_fields_is_a_miss(
    store: FeatureStore, widths: tuple[int, ...]
) -> None:
    write(store, [b"a"], rows(1))
    out = np.zeros((1, widths[0]), dtype=np.float32)
    assert not store.read([b"a"], out, widths=widths, wanted=(0,)).any()


def test_a_damaged_field_is_a_miss_and_the_others_are_not(store: FeatureStore) -> None:
    store.write([b"a"], rows(1, 3), widths=(2, 1))
    damage(store, b"a", -1)
    out = np.zeros((1, 3), dtype=np.float32)
    settings = {"widths": (2, 1)}
    assert store.read([b"a"], out[:, :2], **settings, wanted=(0,)).all()
    for wanted in ((1,), (0, 1)):
        n_columns = sum((2, 1)[i] for i in wanted)
        out = np.full((1, n_columns), 7.0, dtype=np.float32)
        assert not store.read([b"a"], out, **settings, wanted=wanted).any()
        assert (out == 7.0).all()


def test_a_row_under_the_key_of_another_is_a_miss(store: FeatureStore) -> None:
    write(store, keys(2), rows(2))

    def swap(databases: Databases, transaction: Transaction) -> None:
        first, second = keys(2)
        value = transaction.get(first, db=databases.rows)
        transaction.put(second, value, db=databases.rows)

    store._engine.write(swap)
    assert has(store, keys(2)).tolist() == [True, False]


def test_reading_an_unwritten_store_makes_no_folder(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "new")
    assert not has(store, [b"a"], 1).any()
    assert store.stats()["rows"] == 0
    assert not (tmp_path / "new").exists()


def test_rows_and_their_counts_are_written_together(store: FeatureStore) -> None:
    store.write(keys(2), rows(2), widths=(4,), counts={"images_forwarded": 2})
    assert store.stats()["images_forwarded"] == store.stats()["rows"] == 2


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
        write(store, keys(50, prefix), rows(50, 200))
    monkeypatch.setattr(time, "time", lambda: now)
    store.count({}, used=keys(50, "used again"))
    assert store.prune(store.stats()["bytes"] * 2 // 3) > 0
    assert not has(store, keys(50, "old"), 200).any()
    assert has(store, keys(50, "used again"), 200).all()


def test_a_full_store_evicts_by_itself(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, max_bytes=2**20)
    for i in range(10):
        write(store, keys(100, f"{i}-"), rows(100, 1000))
    assert 0 < store.stats()["bytes"] <= 2**20


def test_of_a_batch_larger_than_the_limit_a_part_is_kept(tmp_path: Path) -> None:
    store, written = FeatureStore(tmp_path, max_bytes=2**20), rows(64, 10_000)
    assert written.nbytes > 2 * store.max_bytes
    for _ in range(3):
        write(store, keys(64), written)
        found = has(store, keys(64), 10_000)
        np.testing.assert_array_equal(
            read(store, keys(64), 10_000)[found], written[found]
        )
        assert 10 < found.sum() < 64
        assert 0 < store.stats()["bytes"] <= store.max_bytes
    assert sum(store.verify().values()) == store.stats()["rows"]


def test_threads_share_a_store(store: FeatureStore) -> None:
    def write_and_read(i: int) -> None:
        for j in range(20):
            names, written = keys(10, f"{i}-{j}-"), rows(10, seed=i)
            store.write(names, written, widths=(4,), counts={"hits": 1})
            np.testing.assert_array_equal(read(store, names), written)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write_and_read, range(4)))
    assert (store.stats()["rows"], store.stats()["hits"]) == (800, 80)


def test_rows_that_cannot_fit_cost_a_warning_and_no_more(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, max_bytes=2**20)
    write(store, [b"small"], rows(1))
    with pytest.warns(StoreWarning, match="40 rows do not fit .* Raise max_bytes"):
        write(store, keys(40), rows(40, 1_000_000))
    write(store, [b"small"], rows(1))
    assert has(store, [b"small"]).all()


def test_clear_removes_rows_and_counters(store: FeatureStore) -> None:
    write(store, [b"a"], rows(1))
    store.count({"hits": 1})
    store.clear()
    stats = store.stats()
    assert (stats["rows"], stats["hits"]) == (0, 0)


def test_copies_and_pickles_share_the_store(store: FeatureStore) -> None:
    write(store, [b"a"], rows(1))
    for other in (copy.deepcopy(store), pickle.loads(pickle.dumps(store))):
        assert has(other, [b"a"]).all()


def test_a_folder_that_cannot_be_written_costs_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = FeatureStore(tmp_path / "file")
    with pytest.warns(StoreWarning, match="cannot be used .*HYBRIDML_STORE"):
        write(store, [b"a"], rows(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(store, [b"a"], rows(1))
        assert not has(store, [b"a"]).any()


def test_a_damaged_file_is_set_aside(store: FeatureStore) -> None:
    write(store, [b"a"], rows(1))
    store.close()
    data = next(store.path.glob("v*/data.mdb"))
    data.write_bytes(b"no database" * 1000)
    with pytest.warns(StoreWarning, match="was damaged and is now at"):
        write(store, [b"b"], rows(1))
    assert store.stats()["rows"] == 1
    assert list(store.path.glob("damaged-*/data.mdb"))


def _write_forever(path: str) -> None:
    store, i = FeatureStore(path), 0
    while True:
        write(store, keys(20, f"{i}-"), rows(20, 500, seed=i))
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
        out = read(store, keys(20, f"{i}-"), 500)
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
