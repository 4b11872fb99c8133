"""Reading a block of images: all digests, and no more content than has room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hybridml.distributed import reading
from hybridml.distributed.reading import read_block
from hybridml.images.digest import digest_image


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = [tmp_path / str(i) for i in range(4)]
    for i, path in enumerate(paths):
        path.write_bytes(bytes([i]) * 10)
    return [str(path) for path in paths]


def test_digests_are_those_of_the_store(files: list[str]) -> None:
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    block = read_block([*files, pixels, None, "gone"])
    known = [digest_image(image) for image in (*files, pixels)]
    assert block.digests == [*known, None, None]
    assert block.failures == {
        5: "the image is missing",
        6: "there is no such file",
    }
    assert block.sizes == [10, 10, 10, 10, 0, 0, 0]


def test_no_more_is_held_than_has_room(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "N_BYTES_HELD", 25)
    block = read_block(files)
    assert sum(content is not None for content in block.contents) == 2
    assert list(block.batches([0, 1, 3])) == [[0, 1], [3]]
    contents, failures = block.take([0, 1, 2, 3])
    assert [content[:1] for content in contents] == [b"\0", b"\1", b"\2", b"\3"]
    assert failures == {}


def test_batches_of_what_is_larger_than_the_room_have_one_image(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "N_BYTES_HELD", 5)
    assert list(read_block(files).batches([2, 0])) == [[2], [0]]
    assert list(read_block(files).batches([])) == []
