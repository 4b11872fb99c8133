"""``hybridml store``: what it holds, and making room."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hybridml import FeatureStore
from hybridml.cli.store import _parse_size
from hybridml.features.opening import Databases, Transaction
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


def test_info_of_what_is_no_store_fails(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for command in ("info", "verify"):
        left = typed("store", command, "--store", tmp_path / "file")
        assert left.code == 1
        assert left.out == ""
        assert "cannot be used" in left.err


def test_info_tells_of_an_older_format_and_prune_removes_it(
    filled: Path, typed: Typed
) -> None:
    assert "left over" not in typed("store", "info", "--store", filled).out
    (filled / "v1").mkdir()
    (filled / "v1" / "data.mdb").write_bytes(b"0" * 3000)
    shown = typed("store", "info", "--store", filled).out
    assert "left over         2.9 KiB of an older format" in shown
    typed("store", "prune", "--store", filled, "--max-bytes", "1GiB")
    assert not (filled / "v1").exists()
    assert typed("store", "info", "--store", filled, "--json").json["rows"] == 18


def damage(folder: Path, n_rows: int) -> None:
    """Change a bit in some rows."""
    store = FeatureStore(folder)

    def flip(databases: Databases, transaction: Transaction) -> None:
        for key, value in list(transaction.cursor(databases.rows))[:n_rows]:
            flipped = value[:-1] + bytes([value[-1] ^ 1])
            transaction.put(key, flipped, db=databases.rows)

    store._engine.write(flip)


def test_verify_of_a_sound_store_is_silent_about_damage(
    filled: Path, typed: Typed, tmp_path: Path
) -> None:
    left = typed("store", "verify", "--store", filled)
    assert (left.code, "rows      18" in left.out) == (0, True)
    assert "--repair" not in left.out
    assert typed("store", "verify", "--store", tmp_path / "none").code == 0


def test_verify_counts_damaged_rows_and_repair_drops_them(
    filled: Path, typed: Typed
) -> None:
    damage(filled, 3)
    left = typed("store", "verify", "--store", filled)
    assert left.code == 1
    assert "damaged   3" in left.out
    assert "--repair" in left.out
    left = typed("store", "verify", "--repair", "--store", filled, "--json")
    assert (left.code, left.json["damaged"]) == (0, 3)
    left = typed("store", "verify", "--store", filled, "--json")
    assert left.json == {
        "rows": 15,
        "damaged": 0,
        "unlisted": 0,
        "missing": 0,
        "set_aside": 0,
    }


def test_verify_fails_where_the_whole_file_is_damaged(
    filled: Path, typed: Typed
) -> None:
    FeatureStore(filled).close()
    next(filled.glob("v*/data.mdb")).write_bytes(b"no database" * 1000)
    left = typed("store", "verify", "--repair", "--store", filled)
    assert left.code == 1
    assert "set aside" in left.out


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
