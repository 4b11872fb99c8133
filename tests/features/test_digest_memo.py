from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridml import FeatureStore
from hybridml.features import digest_memo
from hybridml.images import as_images, digest, digest_images

pytestmark = pytest.mark.skipif(os.name != "posix", reason="nothing is remembered")

REAL_NOW = time.time_ns


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"first")
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was opened to digest its content."""
    seen: list[Any] = []
    really_open = digest.open_content

    def open_and_note(image: Any) -> Any:
        seen.append(image)
        return really_open(image)

    monkeypatch.setattr(digest, "open_content", open_and_note)
    return seen


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the clock so many seconds ahead of the real one."""

    def set_ahead(seconds: float) -> None:
        ahead = int(seconds * 1e9)
        monkeypatch.setattr(time, "time_ns", lambda: REAL_NOW() + ahead)

    return set_ahead


@pytest.fixture
def settled(clock: Callable[[float], None]) -> None:
    """Let all files have been left alone for ten seconds."""
    clock(10)


def digest_of(store: FeatureStore, path: object) -> bytes | None:
    return store.digest_images(as_images([path]))[0][0]


@pytest.mark.usefixtures("settled")
def test_a_file_left_alone_is_read_once(
    store: FeatureStore, photo: Path, opened: list[Any]
) -> None:
    expected = digest_images([str(photo)])[0][0]
    for _ in range(3):
        assert digest_of(store, photo) == expected
    again = FeatureStore(store.path)
    assert digest_of(again, photo) == expected
    assert opened == [str(photo)] * 2  # by digest_images, and once for the store


@pytest.mark.usefixtures("settled")
def test_any_mixture_of_images_gives_what_it_gives_without_a_store(
    store: FeatureStore, photo: Path, tmp_path: Path
) -> None:
    pixels = np.zeros((4, 4, 3), dtype=np.uint8)
    os.mkfifo(tmp_path / "pipe")
    odd = ("nowhere.jpg", "", "nul\0byte", "memory://absent/photo.jpg", None)
    folder, pipe = tmp_path, tmp_path / "pipe"
    images = as_images([photo, b"bytes", pixels, *odd, folder, pipe, photo])
    with ThreadPoolExecutor(2) as threads:
        expected = digest_images(images, threads)
        for _ in range(2):
            assert store.digest_images(images, threads) == expected
            assert store.digest_images(images) == expected
    assert sorted(expected[1]) == list(range(3, 10))


def test_a_stack_and_nothing_at_all_are_digested(store: FeatureStore) -> None:
    stack = np.arange(48, dtype=np.uint8).reshape(2, 4, 2, 3)
    assert store.digest_images(stack) == digest_images(stack)
    assert store.digest_images(as_images([])) == ([], {})


def test_a_file_just_written_is_not_remembered(
    store: FeatureStore, photo: Path, opened: list[Any]
) -> None:
    first = digest_of(store, photo)
    before = photo.stat()
    photo.write_bytes(b"other")
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digest_of(store, photo) != first
    assert len(opened) == 2


@pytest.mark.parametrize(("age_s", "n_read"), [(1.5, 3), (2.5, 1)])
def test_a_file_is_remembered_after_two_seconds(
    store: FeatureStore,
    photo: Path,
    opened: list[Any],
    clock: Callable[[float], None],
    age_s: float,
    n_read: int,
) -> None:
    clock(age_s)
    for _ in range(3):
        digest_of(store, photo)
    assert len(opened) == n_read


@pytest.mark.usefixtures("settled")
def test_content_of_one_size_and_time_written_anew_is_noticed(
    store: FeatureStore, photo: Path
) -> None:
    first, before = digest_of(store, photo), photo.stat()
    time.sleep(0.02)  # the clock of a file system ticks every few milliseconds
    photo.write_bytes(b"other")
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = photo.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert digest_of(store, photo) != first


@pytest.mark.usefixtures("settled")
def test_a_file_replaced_by_another_of_its_size_and_time_is_noticed(
    store: FeatureStore, photo: Path, tmp_path: Path
) -> None:
    first, before = digest_of(store, photo), photo.stat()
    other = tmp_path / "other.jpg"
    other.write_bytes(b"other")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(photo)
    assert digest_of(store, photo) != first


@pytest.mark.usefixtures("settled")
def test_a_touched_file_is_read_again_and_has_the_same_digest(
    store: FeatureStore, photo: Path, opened: list[Any]
) -> None:
    first = digest_of(store, photo)
    os.utime(photo, (1, 1))
    for _ in range(2):
        assert digest_of(store, photo) == first
    assert len(opened) == 2


@pytest.mark.usefixtures("settled")
def test_a_file_that_is_gone_is_missed(store: FeatureStore, photo: Path) -> None:
    digest_of(store, photo)
    photo.unlink()
    assert store.digest_images([str(photo)]) == ([None], {0: "there is no such file"})


@pytest.mark.usefixtures("settled")
def test_a_link_that_leads_elsewhere_is_noticed(
    store: FeatureStore, photo: Path, tmp_path: Path
) -> None:
    other, link = tmp_path / "other.jpg", tmp_path / "link.jpg"
    other.write_bytes(b"other")
    link.symlink_to(photo)
    first = digest_of(store, link)
    link.unlink()
    link.symlink_to(other)
    assert digest_of(store, link) == digest_of(store, other) != first


@pytest.mark.usefixtures("settled")
def test_a_relative_path_belongs_to_its_folder(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo.jpg").write_bytes(name.encode())
        monkeypatch.chdir(tmp_path / name)
        digests |= {digest_of(store, "photo.jpg"), digest_of(store, "photo.jpg")}
    assert len(digests) == 2


def test_a_file_from_the_future_is_never_trusted(
    store: FeatureStore,
    photo: Path,
    opened: list[Any],
    clock: Callable[[float], None],
) -> None:
    os.utime(photo, ns=(0, REAL_NOW() + 10**12))
    for _ in range(2):
        digest_of(store, photo)
    assert len(opened) == 2
    clock(2000)
    digest_of(store, photo)
    clock(0)  # a clock was set back
    digest_of(store, photo)
    assert len(opened) == 4


@pytest.mark.usefixtures("settled")
def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    store: FeatureStore, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_read = digest_memo.read_and_digest

    def read_and_change(*arguments: Any) -> Any:
        found = really_read(*arguments)
        time.sleep(0.02)
        photo.write_bytes(b"other")
        return found

    monkeypatch.setattr(digest_memo, "read_and_digest", read_and_change)
    first = digest_of(store, photo)
    monkeypatch.setattr(digest_memo, "read_and_digest", really_read)
    assert digest_of(store, photo) == digest_images([str(photo)])[0][0] != first


@pytest.mark.usefixtures("settled")
def test_memory_is_bounded_and_counts_for_nothing_in_the_size(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest_memo, "MAX_ENTRIES", 10)
    for i in range(25):
        path = tmp_path / f"{i}.jpg"
        path.write_bytes(b"photo")
        digest_of(store, path)
    n_kept = store._engine.read(lambda d, t: t.stat(d.digests)["entries"])
    assert 0 < n_kept <= 10
    assert store.stats()["bytes"] == 0


def test_without_a_usable_store_files_are_read(tmp_path: Path, photo: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = FeatureStore(tmp_path / "file")
    with pytest.warns(UserWarning, match="cannot be used"):
        assert digest_of(store, photo) == digest_images([str(photo)])[0][0]
