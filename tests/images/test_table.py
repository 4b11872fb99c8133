from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hybridml.exceptions import DataError
from hybridml.images.table import read_table

TABLE = pd.DataFrame({"image": ["b.png", "a.png"], "n": [2, 1]})


def write(path: Path) -> None:
    if path.suffix == ".parquet":
        TABLE.to_parquet(path)
    else:
        TABLE.to_csv(path, index=False, sep="\t" if ".tsv" in path.name else ",")


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "T.CSV", "t.parquet"])
def test_every_format_gives_one_table(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    table = read_table(tmp_path / name)
    assert table.to_dict("list") == TABLE.to_dict("list")
    assert table.index.tolist() == [0, 1]


def test_a_named_index_of_parquet_becomes_a_column(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    TABLE.set_index("image").to_parquet(path)
    assert read_table(path).columns.tolist() == ["image", "n"]
    TABLE.set_axis([5, 9], axis=0).to_parquet(path)
    assert read_table(path).columns.tolist() == ["image", "n"]
    assert read_table(path).index.tolist() == [0, 1]


def test_the_mark_that_spreadsheets_put_first_is_no_part_of_a_name(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("image,n\na.png,1\n", encoding="utf-8-sig")
    assert read_table(path).columns.tolist() == ["image", "n"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("t.csv", b"", "No columns to parse"),
        ("t.csv", b"image,n\n", "a table of at least one row"),
        ("t.csv", b"image,n,n\na,1,2\n", "More than one is called 'n'"),
        ("t.csv", b"image,n\na,1\nb,2,3,4\n", "Expected 2 fields in line 3, saw 4"),
        (
            "t.csv",
            "image\n\u00e4.png\n".encode("latin-1"),
            "a table in UTF-8",
        ),
        ("t.parquet", b"no parquet", "expected a .csv, .tsv or .parquet file"),
        ("t.csv.gz", b"no gzip", "Not a gzipped file"),
        ("t.json", b"{}", "expected a .csv, .tsv or .parquet file"),
        ("t", b"", "expected a .csv, .tsv or .parquet file"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=reason):
        read_table(tmp_path / name)


def test_columns_of_one_name_are_refused_in_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(DataError, match="More than one is called 'n'"):
        read_table(tmp_path / "t.parquet")


def test_a_missing_file_suggests_its_nearest_sibling(tmp_path: Path) -> None:
    write(tmp_path / "labels.csv")
    with pytest.raises(DataError, match=r"Did you mean 'labels\.csv'\?"):
        read_table(tmp_path / "label.csv")


def test_a_table_in_another_encoding_is_told_to_be_saved_as_utf_8(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_bytes("image,label\na.jpg,Bär\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"expected a table in UTF-8\. Save it in"):
        read_table(tmp_path / "a.csv")
