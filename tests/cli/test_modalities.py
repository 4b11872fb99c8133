"""What the command line names as modalities."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import typer

from hybridml import DeepFeatureExtractor
from hybridml.cli.modalities import (
    Asked,
    ask_modalities,
    make_modalities,
    name_modalities,
    read_rows,
)
from hybridml.exceptions import DataError, UnknownNameError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three rows: a photo, a file that does not exist, and a gap."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").touch()
    columns = {
        "photo": ["photos/a.png", "photos/gone.png", None],
        "note": [12, None, 14],
        "age": [1.5, None, 3],
        "split": ["train", "train", "val"],
        "kind": ["cat", "dog", "cat"],
    }
    pd.DataFrame(columns).to_csv(tmp_path / "pets.csv", index=False)
    return tmp_path / "pets.csv"


ASKED = [Asked("image", ("photo",)), Asked("text", ("note",))]


def test_commas_make_one_modality_and_repeats_several() -> None:
    asked = ask_modalities(
        image=["front", "back"], text=None, tabular=["age, kg,", "price"]
    )
    assert asked == [
        Asked("image", ("front",)),
        Asked("image", ("back",)),
        Asked("tabular", ("age", "kg")),
        Asked("tabular", ("price",)),
    ]


def test_empty_options_count_as_not_given() -> None:
    assert ask_modalities(image=[""], audio=[" "], tabular=[","]) == []


def test_one_thing_said_twice_is_one_modality() -> None:
    assert len(ask_modalities(text=["note", "note "])) == 1


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ([("tabular", "a", "b"), ("tabular", "c")], ["tabular", "c"]),
        ([("tabular", "a", "b"), ("tabular", "c", "d")], ["a + b", "c + d"]),
        ([("text", "a__b"), ("image", "x")], ["a_b", "x"]),
        ([("text", "a"), ("tabular", "a")], ["a (text)", "a (tabular)"]),
    ],
)
def test_names_are_short_and_differ(
    asked: list[tuple[str, ...]], names: list[str]
) -> None:
    given = [Asked(kind, tuple(columns)) for kind, *columns in asked]
    assert name_modalities(given) == names


@pytest.mark.filterwarnings("ignore:Column 'photo' names 1 files")
def test_what_is_missing_stays_missing(table: Path) -> None:
    read, rows = read_rows(table, ASKED, target="kind", split=None)
    assert read["photo"].tolist() == [
        str(table.parent / "photos" / "a.png"),
        None,
        None,
    ]
    assert read["note"].tolist() == ["12.0", None, "14.0"]
    assert read["age"].isna().tolist() == [False, True, False]
    assert rows.labels is not None
    assert rows.labels.tolist() == ["cat", "dog", "cat"]
    assert rows.of("train").tolist() == [0, 1]


def test_target_is_found_where_one_column_is_left(table: Path) -> None:
    asked = [Asked("tabular", ("photo", "note", "age"))]
    read, _ = read_rows(table, asked, target=None, split=None)
    assert "kind" not in read.columns


def test_target_has_to_be_named_where_several_are_left(table: Path) -> None:
    with pytest.raises(DataError, match="target=None"):
        read_rows(table, [Asked("text", ("note",))], target=None, split=None)


def test_nothing_to_fuse_lists_the_columns(table: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"nothing to fuse.*'photo', 'note'"):
        read_rows(table, [], target="kind", split=None)


def test_unknown_column_is_refused_with_the_nearest(table: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"text='notes'.*Did you mean 'note'"):
        read_rows(table, [Asked("text", ("notes",))], target="kind", split=None)


@pytest.mark.parametrize("option", ["target", "split"])
def test_column_that_is_fused_cannot_be_told_from(option: str, table: Path) -> None:
    named = {"target": "kind", "split": None, option: "note"}
    with pytest.raises(typer.BadParameter, match=f"'note' is fused.*--{option}"):
        read_rows(table, ASKED, **named)


def test_network_is_given_to_what_has_one() -> None:
    photo, note = make_modalities(ASKED, backbone="lenet5", weights=None)
    assert isinstance(photo[1], DeepFeatureExtractor)
    assert photo[1].get_params()["backbone"] == "lenet5"
    assert (photo[0], photo[2]) == ("photo", "photo")
    assert note == ("note", "text", "note")


def test_without_options_encoders_go_by_name() -> None:
    asked = [*ASKED, Asked("tabular", ("age",))]
    assert make_modalities(asked) == [
        ("photo", "image", "photo"),
        ("note", "text", "note"),
        ("age", "tabular", ["age"]),
    ]


def test_sounds_have_a_network_too() -> None:
    ((name, encoder, column),) = make_modalities(
        [Asked("audio", ("call",))], image_size=64
    )
    assert (name, column) == ("call", "call")
    assert encoder.get_params()["image_size"] == 64
