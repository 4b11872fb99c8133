from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import lmdb
import numpy as np
import pytest

from hybridml import FeatureStore
from hybridml.features.counters import WaitingCounts, read_count
from hybridml.features.opening import Databases, Transaction


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Return a store that has just been written, so that counts wait."""
    store = FeatureStore(tmp_path / "store")
    add_row(store)
    return store


def add_row(store: FeatureStore, key: bytes = b"key") -> None:
    store.write([key], np.ones((1, 3), dtype=np.float32), widths=(3,))


def written(store: FeatureStore) -> int:
    """Hits as they stand in the file."""
    found = store._engine.read(lambda d, t: read_count(d.meta, t, "hits"))
    assert found is not None
    return found


def test_the_first_count_of_a_process_is_written_at_once(store: FeatureStore) -> None:
    store.close()
    store.count({"hits": 1})
    assert written(store) == 1


def test_counts_wait_and_are_seen_where_they_wait(store: FeatureStore) -> None:
    for _ in range(3):
        store.count({"hits": 2})
    assert written(store) == 0
    assert store.stats()["hits"] == store.counter("hits") == 6
    assert FeatureStore(store.path).stats()["hits"] == 6


def test_counts_are_written_with_the_next_rows(store: FeatureStore) -> None:
    store.count({"hits": 2})
    add_row(store, b"another")
    assert written(store) == store.stats()["hits"] == 2


def test_counts_wait_no_longer_than_a_second(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.count({"hits": 1})
    monkeypatch.setattr("hybridml.features.counters._LONGEST_WAIT_S", 0.0)
    store.count({"hits": 1})
    assert written(store) == store.stats()["hits"] == 2


def test_closing_writes_what_waits(store: FeatureStore) -> None:
    store.count({"hits": 1})
    store.close()
    assert written(store) == 1


def test_clearing_drops_what_waits(store: FeatureStore) -> None:
    store.count({"hits": 1})
    store.clear()
    add_row(store)
    assert written(store) == store.stats()["hits"] == 0


def test_what_waits_outlives_a_write_that_fails(store: FeatureStore) -> None:
    store.count({"hits": 1})

    def fail(databases: Databases, transaction: Transaction) -> None:
        raise lmdb.MapFullError("no room")

    with pytest.raises(lmdb.MapFullError):
        store._engine.write(fail)
    assert written(store) == 0
    add_row(store)
    assert written(store) == store.stats()["hits"] == 1


def test_counts_of_a_file_that_was_removed_are_not_added_to_the_next(
    store: FeatureStore,
) -> None:
    store.count({"hits": 1})
    (store.path / "v2" / "data.mdb").unlink()
    add_row(store)
    assert store.stats()["hits"] == 0


@pytest.mark.parametrize("ending", ["", "os.fork() == 0 or os.wait()"])
def test_the_end_of_a_process_writes_what_waits_there_once(
    store: FeatureStore, ending: str
) -> None:
    if "fork" in ending and not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    program = f"""
        import os, sys
        from hybridml import FeatureStore
        store = FeatureStore(sys.argv[1])
        for _ in range(3):
            store.count({{"hits": 1}})
        {ending}
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(store.path)]
    subprocess.run(command, check=True)
    assert written(store) == 3


def test_what_was_taken_is_no_longer_there() -> None:
    waiting = WaitingCounts()
    waiting.add({"hits": 1, "misses": 2})
    waiting.add({"hits": 1})
    assert dict(waiting.take()) == {"hits": 2, "misses": 2}
    assert not waiting
    assert waiting["hits"] == 0
