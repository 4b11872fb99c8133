"""Files of a dataset: there whole or not at all, on a disk and at a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridml.distributed.folder import Folder
from hybridml.exceptions import DataError


@pytest.fixture(params=["disk", "url"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    if request.param == "disk":
        return Folder(str(tmp_path / "new"))
    pytest.importorskip("fsspec", reason="URLs need fsspec")
    return Folder(f"memory://{tmp_path}")


def test_what_is_written_is_there(folder: Folder) -> None:
    assert folder.names() == []
    for name in ("b", "a"):
        folder.write(name, name.encode())
    folder.write("a", b"anew")
    assert folder.names() == ["a", "b"]
    with folder.open("a") as stream:
        assert stream.read() == b"anew"
    folder.remove("a")
    assert [folder.exists(name) for name in ("a", "b")] == [False, True]
    with pytest.raises(FileNotFoundError):
        folder.open("a")


def test_one_writes_at_a_time_and_clears_what_was_left(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    left = tmp_path / ".part-1.parquet.1-1.unfinished"
    left.write_bytes(b"half a")
    with folder.for_one_writer():
        assert not left.exists()
        with pytest.raises(DataError, match="Another extraction is writing"):
            Folder(str(tmp_path)).for_one_writer().__enter__()
    with folder.for_one_writer():
        assert folder.names() == []


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"):
        Folder(str(tmp_path)).write("a", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
