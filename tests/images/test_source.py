from __future__ import annotations

import os
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from hybridml.exceptions import ImageDecodeError
from hybridml.images import source
from hybridml.images.source import is_url, open_content


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("s3://bucket/a.jpg", True),
        ("memory://a.jpg", True),
        ("simplecache::s3://bucket/a.jpg", True),
        ("C://photos/a.jpg", False),
        ("C:\\photos\\a.jpg", False),
        ("/photos/a.jpg", False),
        ("photos/s3://a.jpg", False),
    ],
)
def test_urls_are_told_from_paths(location: str, expected: bool) -> None:
    assert is_url(location) is expected


def test_a_file_its_bytes_and_its_url_have_one_content(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    path = tmp_path / "a.bin"
    path.write_bytes(b"content")
    for image in (path, str(path), b"content", path.as_uri()):
        with open_content(image) as stream:
            assert stream.read() == b"content"


def test_what_is_no_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reasons = {
        str(tmp_path / "none.jpg"): "there is no such file",
        str(tmp_path): "it is a folder",
        str(tmp_path / "pipe"): "it is not a regular file",
        "a\0b": "null",
        "x" * 5000: "File name too long",
    }
    for location, reason in reasons.items():
        with pytest.raises(ImageDecodeError, match=reason), open_content(location):
            pass


def test_a_url_without_fsspec_names_the_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_nothing(name: str) -> Any:
        return None if name == "fsspec" else util.find_spec(name)

    monkeypatch.setattr(source, "find_spec", find_nothing)
    with (
        pytest.raises(ImportError, match="Run: pip install fsspec"),
        open_content("s3://bucket/a.jpg"),
    ):
        pass


@pytest.mark.parametrize("url", ["memory://none.jpg", "nosuch://a.jpg"])
def test_a_url_that_cannot_be_read_is_refused(url: str) -> None:
    pytest.importorskip("fsspec")
    with (
        pytest.raises(ImageDecodeError, match="cannot read the URL"),
        open_content(url),
    ):
        pass


def test_a_missing_back_end_is_the_machines_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fsspec = pytest.importorskip("fsspec")

    def need_back_end(*args: Any) -> Any:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec, "open", need_back_end)
    with pytest.raises(ImportError, match="s3fs"), open_content("s3://bucket/a.jpg"):
        pass
