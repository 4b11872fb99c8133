"""How options become parameters."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer

from hybridml import compare_transfer_cases
from hybridml.cli import compare, options
from hybridml.cli.options import check_can_be_written, given, store_option


def test_what_is_not_given_is_left_to_the_library() -> None:
    assert given(cases=[], epochs=None, cv=0) == {"cv": 0}


@pytest.mark.parametrize("word", ["none", "None"])
def test_weights_none_are_random_weights(word: str) -> None:
    assert given(weights=word) == {"weights": None}


def test_store_is_a_folder_or_off_or_the_default() -> None:
    assert store_option(Path("features"), False) == {"store": Path("features")}
    assert store_option(None, True) == {"store": None}
    assert store_option(None, False) == {}


def test_store_and_no_store_exclude_each_other() -> None:
    with pytest.raises(typer.BadParameter, match=r"--store or --no-store, not both"):
        store_option(Path("features"), True)


def test_result_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"There is no folder '.*gone'"):
        check_can_be_written("--save", tmp_path / "gone" / "model.joblib")


def test_result_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"is a folder"):
        check_can_be_written("--save", tmp_path)


def test_result_in_the_working_folder_is_fine() -> None:
    check_can_be_written("--save", Path("model.joblib"))


@pytest.mark.parametrize(
    ("option", "parameter", "default", "words"),
    [
        (compare.compare, "backbones", ("efficientnet_lite0",), "efficientnet_lite0"),
        (
            compare.compare,
            "heads",
            None,
            "linear_svm and logistic",
        ),
        (compare.compare, "cv", 5, "5 where there is none"),
        (compare.compare, "scoring", None, "Default: accuracy"),
        (options.Augmentation, "augmentation", "standard", "Default: standard"),
        (options.RandomState, "random_state", 0, "Default: 0"),
        (options.Weights, "weights", "default", "'default'"),
    ],
)
def test_help_tells_the_default_of_the_library(
    option: Any, parameter: str, default: object, words: str
) -> None:
    parameters = inspect.signature(compare_transfer_cases).parameters
    assert parameters[parameter].default == default
    assert words in _help_of(option, parameter)


def _help_of(option: Any, parameter: str) -> str:
    if option is compare.compare:
        hints = get_type_hints(option, include_extras=True)
        name = parameter if parameter in hints else parameter.removesuffix("s")
        option = hints[name]
    found = next(m for arg in _flat(option) for m in getattr(arg, "__metadata__", ()))
    return str(found.help)


def _flat(annotation: Any) -> list[Any]:
    return [annotation, *get_args(annotation)]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder like /proc")
def test_result_that_cannot_be_written_is_refused_before_the_work() -> None:
    with pytest.raises(typer.BadParameter, match="cannot be written"):
        check_can_be_written("--output", Path("/proc/model.joblib"))


def test_asking_whether_a_result_can_be_written_leaves_no_trace(tmp_path: Path) -> None:
    kept = tmp_path / "kept.csv"
    kept.write_text("as it was")
    for path in (kept, tmp_path / "new.csv"):
        check_can_be_written("--output", path)
    assert kept.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [kept]
