"""Lines are read once each, in order, and only when they are complete."""

from __future__ import annotations

import math
from pathlib import Path

from hybridml.tracking.journal.lines import LineReader, append_line


def test_lines_are_read_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    reader = LineReader(path)
    assert reader.read() == []
    first, second = (append_line(path, {"n": n}) for n in range(2))
    assert [(line.entry["n"], line.end) for line in reader.read()] == [
        (0, first),
        (1, second),
    ]
    append_line(path, {"n": 2})
    assert [line.entry["n"] for line in reader.read()] == [2]
    assert reader.read() == []


def test_a_reader_begins_where_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    first = append_line(path, {"n": 0})
    append_line(path, {"n": 1})
    assert [line.entry["n"] for line in LineReader(path, first).read()] == [1]


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    reader = LineReader(path)
    path.write_bytes(b'{"n": 1}\n{"n"')
    assert [line.entry["n"] for line in reader.read()] == [1]
    with path.open("ab") as file:
        file.write(b": 2}\n")
    assert [line.entry["n"] for line in reader.read()] == [2]


def test_what_is_no_entry_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n": 1}\n{"torn{"n": 2}\n3\n\xff\n')
    end = append_line(path, {"n": 4})
    assert [line.entry["n"] for line in LineReader(path).read()] == [1, 4]
    assert LineReader(path, end).read() == []


def test_values_that_are_no_numbers_and_half_characters_are_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.jsonl"
    append_line(path, {"nan": math.nan, "inf": math.inf, "text": "ä\n\ud83d"})
    (line,) = LineReader(path).read()
    assert math.isnan(line.entry["nan"])
    assert line.entry["inf"] == math.inf
    assert line.entry["text"] == "ä\n\ud83d"
