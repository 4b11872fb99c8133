"""Files of rows: what is written is read, whatever a stage is called."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hybridml.distributed.configuration import Configuration
from hybridml.distributed.folder import Folder
from hybridml.distributed.parts import (
    DamagedPartError,
    keep_rows,
    part_name,
    part_names,
    read_digests,
    read_rows,
    write_part,
)

DIGESTS = [bytes([i]) * 20 for i in range(3)]
DOTTED = Configuration(
    json.dumps({"fields": [["block", "maps", 2], ["block.0", "maps", 1]]})
)
ROWS = np.array([[1, -0.0, 3], [4, 5, 6], [7, 8, np.float32(1e-40)]], dtype=np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(str(tmp_path))
    told = {"digests": DIGESTS, "images": ["a", None, "c"], "rows": ROWS}
    write_part(folder, part_name(DIGESTS), DOTTED, **told)
    return folder


def test_rows_come_back_bit_for_bit(folder: Folder) -> None:
    digests, rows = read_rows(folder, part_name(DIGESTS), ["block", "block.0"])
    assert digests == DIGESTS
    assert rows.tobytes() == ROWS.tobytes()


def test_stage_is_not_taken_for_one_inside_it(folder: Folder) -> None:
    _, rows = read_rows(folder, part_name(DIGESTS), ["block"])
    np.testing.assert_array_equal(rows, ROWS[:, :2])


def test_digests_come_with_the_configuration(folder: Folder) -> None:
    assert read_digests(folder, part_name(DIGESTS)) == (DOTTED, DIGESTS)


def test_name_tells_which_images_in_any_order() -> None:
    assert part_name(DIGESTS) == part_name(DIGESTS[::-1])
    assert part_name(DIGESTS) != part_name(DIGESTS[:2])


def test_rows_that_are_kept_take_the_place_of_the_part(folder: Folder) -> None:
    name = keep_rows(folder, part_name(DIGESTS), DIGESTS[1:])
    assert part_names(folder) == [name] == [part_name(DIGESTS[1:])]
    assert read_digests(folder, name) == (DOTTED, DIGESTS[1:])
    np.testing.assert_array_equal(read_rows(folder, name, ["block.0"])[1], ROWS[1:, 2:])


def test_changed_bits_are_seen(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / part_name(DIGESTS)
    content = bytearray(path.read_bytes())
    place = content.index(ROWS[0, :2].tobytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DamagedPartError, match=rf"{path.name}' in .* is damaged"):
        read_rows(folder, path.name, ["block"])
