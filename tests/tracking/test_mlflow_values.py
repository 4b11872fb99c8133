"""Names and values fit MLflow's limits, and stay apart when they are shortened."""

from __future__ import annotations

import json
import math

import pytest

from hybridml.tracking import _mlflow_values as values


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("head__C", "head__C"),
        ("top-5 [%]", "top-5 ___"),
        ("a//b/../c", "a/b/c"),
        ("/etc", "etc"),
        ("", "_"),
        ("..", "_"),
        ("Größe", "Größe"),
    ],
)
def test_keys_become_what_mlflow_takes(name: str, expected: str) -> None:
    assert values.clean_key(name) == expected


def test_long_keys_are_cut() -> None:
    assert len(values.clean_key("x" * 300)) == values.MAX_KEY_CHARACTERS


def test_two_names_never_become_one_key() -> None:
    params = values.to_params({"a[1]": 1, "a(1)": 2, "a_1_": 3})
    assert params == {"a_1_": "1", "a_1__2": "2", "a_1__3": "3"}


def test_long_params_are_cut_with_an_ellipsis() -> None:
    value = values.to_params({"text": "y" * 6001})["text"]
    assert len(value) == 6000
    assert value.endswith("y…")


def test_metrics_carry_step_time_and_missing_numbers() -> None:
    first, second = values.to_metrics({"a": 1, "b": math.nan}, step=7)
    assert (first[0], first[1], first[3]) == ("a", 1.0, 7)
    assert math.isnan(second[1])
    assert first[2] == second[2] > 1_600_000_000_000


def test_what_no_database_can_hold_is_replaced() -> None:
    assert values.to_tags({"a": "x\ud83d"}) == {"a": "x?"}
    assert values.to_params({"a": "x\ud83d"}) == {"a": "x?"}


def test_what_some_database_cannot_hold_is_replaced() -> None:
    assert values.to_tags({"a": "x\0y"}) == {"a": "x?y"}
    assert values.to_params({"a": "x\0y"}) == {"a": "x?y"}
    assert values.encodable("a file may: \0") == "a file may: \0"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plots/Größe (a+b).svg", "plots/Größe (a+b).svg"),
        ("#1?.txt", "_1_.txt"),
        ("50%20.txt", "50_20.txt"),
        ("../../etc//x", "etc/x"),
        ("half \ud83d", "half _"),
        ("..", "_"),
    ],
)
def test_names_of_files_survive_addresses(name: str, expected: str) -> None:
    assert values.clean_file_name(name) == expected


def test_datasets_fit_the_columns_of_databases() -> None:
    about = values.to_dataset("n" * 600, "d" * 64, {"n_images": 2, "at": None})
    assert (len(about["name"]), about["digest"]) == (500, "d" * 36)
    assert json.loads(about["profile"]) == {"n_images": 2, "at": None}


def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", fail)
    assert values.current_user() == "unknown"


@pytest.mark.parametrize(("n", "sizes"), [(0, []), (3, [3]), (7, [3, 3, 1])])
def test_batches_are_full_but_the_last(n: int, sizes: list[int]) -> None:
    batches = list(values.batches(range(n), 3))
    assert [len(batch) for batch in batches] == sizes
    assert [item for batch in batches for item in batch] == list(range(n))
