"""``hybridml store``: what it holds, and making room."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hybridml.cli.store import _parse_size
from tests.cli.conftest import TINY, Typed


@pytest.fixture
def filled(photos: Path, typed: Typed, tmp_path: Path) -> Path:
    """A store that holds 18 rows."""
    folder = tmp_path / "kept"
    typed("extract", photos, "-o", "f.npy", *TINY, "--store", folder)
    return folder


def test_info_counts_what_is_there(filled: Path, typed: Typed) -> None:
    stats = typed("store", "info", "--store", filled, "--json").json
    assert (stats["rows"], stats["images_forwarded"]) == (18, 18)
    shown = typed("store", "info", "--store", filled).out
    assert f"folder            {filled}" in shown
    assert "images forwarded  18" in shown


def test_info_of_a_store_that_is_not_there_is_empty(
    typed: Typed, tmp_path: Path
) -> None:
    stats = typed("store", "info", "--store", tmp_path / "none", "--json").json
    assert stats["rows"] == 0
    assert not (tmp_path / "none").exists()


def test_default_store_is_that_of_the_environment(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDML_STORE", str(tmp_path / "mine"))
    assert typed("store", "info", "--json").json["path"] == str(tmp_path / "mine")


@pytest.mark.parametrize(
    ("answer", "code", "n_rows"), [("n", 1, 18), ("", 1, 18), ("y", 0, 0)]
)
def test_clear_asks_first(
    answer: str,
    code: int,
    n_rows: int,
    filled: Path,
    typed: Typed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n"))
    left = typed("store", "clear", "--store", filled)
    assert left.code == code
    assert f"Remove all 18 rows in {filled}?" in left.out + left.err
    stats = typed("store", "info", "--store", filled, "--json").json
    assert stats["rows"] == n_rows


def test_clear_with_yes_removes_all(filled: Path, typed: Typed) -> None:
    left = typed("store", "clear", "--store", filled, "--yes")
    assert left.code == 0
    assert "Removed 18 rows" in left.err
    assert typed("store", "info", "--store", filled, "--json").json["rows"] == 0


def test_prune_makes_room(filled: Path, typed: Typed) -> None:
    left = typed("store", "prune", "--store", filled, "--max-bytes", "0")
    assert left.code == 0
    assert "rows; 0 are left" in left.err


def test_prune_leaves_what_fits(filled: Path, typed: Typed) -> None:
    left = typed("store", "prune", "--store", filled, "--max-bytes", "2GiB")
    assert "Removed 0 rows; 18 are left" in left.err


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("5000", 5000),
        ("2 KB", 2000),
        ("1.5GiB", 3 * 2**29),
        ("3m", 3_000_000),
        ("1TiB", 2**40),
    ],
)
def test_size_is_read_with_its_unit(text: str, n_bytes: int) -> None:
    assert _parse_size(text) == n_bytes


@pytest.mark.parametrize("text", ["much", "-1", "5 XB", "1ib", ""])
def test_other_sizes_are_refused(text: str, filled: Path, typed: Typed) -> None:
    left = typed("store", "prune", "--store", filled, "--max-bytes", text)
    assert left.code == 2
    assert "no size such as" in left.err
