"""Exit codes, errors in one line, warnings in one line."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable

import pytest

from hybridml._optional import MissingPackageError
from hybridml.cli import app as app_module
from hybridml.cli import running
from hybridml.cli.running import exit_code_of
from hybridml.exceptions import (
    DataError,
    DivergedError,
    ImageDecodeError,
    InvalidParameterError,
    StoreWarning,
    UnknownBackboneError,
    UnknownHeadError,
    WeightsError,
)
from tests.cli.conftest import Outcome

HEAVY = {"torch", "torchvision", "sklearn", "mlflow", "pandas", "xgboost", "matplotlib"}


@pytest.fixture
def failing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Run a command that does nothing but what it is given."""

    def fail(work: Callable[[], None], *arguments: str) -> Outcome:
        monkeypatch.setattr(running, "app", lambda **_: work())
        code = running.run(["demo", *arguments])
        return Outcome(code, *capsys.readouterr())

    return fail


def _raise(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("no"), 3),
        (ImageDecodeError("no"), 3),
        (UnknownBackboneError("no"), 4),
        (UnknownHeadError("no"), 4),
        (InvalidParameterError("no"), 4),
        (WeightsError("no"), 5),
        (MissingPackageError("no"), 6),
        (DivergedError("no"), 1),
        (ValueError("no"), 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


def test_error_is_its_message_on_stderr(failing: Callable[..., Outcome]) -> None:
    left = failing(_raise(DataError("Found no images in 'photos'.")))
    assert left == (3, "", "Error: Found no images in 'photos'.\n")


def test_message_with_brackets_is_not_taken_for_markup(
    failing: Callable[..., Outcome],
) -> None:
    left = failing(_raise(DataError("Got path='a[bold]b'.")))
    assert left.err == "Error: Got path='a[bold]b'.\n"


def test_long_message_is_not_broken_into_lines(
    failing: Callable[..., Outcome],
) -> None:
    message = "Got path='" + "very/long/" * 30 + "'; expected a folder."
    assert failing(_raise(DataError(message))).err == f"Error: {message}\n"


def test_unknown_backbone_says_how_to_list_them(
    failing: Callable[..., Outcome],
) -> None:
    assert "hybridml backbones" in failing(_raise(UnknownBackboneError("no"))).err


def test_unexpected_error_says_how_to_see_more(failing: Callable[..., Outcome]) -> None:
    left = failing(_raise(KeyError("gone")), "--images", "a b")
    assert left.code == 1
    assert "KeyError: 'gone'" in left.err
    assert "run: hybridml demo --images 'a b' --debug" in left.err
    assert "Traceback" not in left.err


def test_debug_shows_the_traceback(failing: Callable[..., Outcome]) -> None:
    left = failing(_raise(WeightsError("They do not fit.")), "--debug")
    assert left.code == 5
    assert "Traceback (most recent call last)" in left.err
    assert "Error: They do not fit." in left.err


def test_interrupt_is_130_and_says_so(failing: Callable[..., Outcome]) -> None:
    left = failing(_raise(KeyboardInterrupt()))
    assert left.code == 130
    assert left.err.startswith("Interrupted.")


def test_interrupt_inside_a_command_is_130(
    monkeypatch: pytest.MonkeyPatch, typed: Callable[..., Outcome]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hybridml.backbones.list_backbones", interrupted)
    left = typed("backbones")
    assert left.code == 130
    assert "Interrupted." in left.err


def test_own_warning_is_one_clean_line(failing: Callable[..., Outcome]) -> None:
    def work() -> None:
        warnings.warn("The store\n is damaged.", StoreWarning, stacklevel=2)

    assert failing(work) == (0, "", "Warning: The store is damaged.\n")


@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_other_warnings_are_for_debugging(
    failing: Callable[..., Outcome], debug: list[str]
) -> None:
    def work() -> None:
        warnings.warn("use the other thing", FutureWarning, stacklevel=2)

    assert ("use the other thing" in failing(work, *debug).err) == bool(debug)


def test_debug_may_stand_anywhere(typed: Callable[..., Outcome]) -> None:
    assert typed("backbones", "--debug").code == 0
    assert typed("--debug", "backbones").code == 0


def test_usage_error_is_2_without_traceback(typed: Callable[..., Outcome]) -> None:
    left = typed("compare", "--folds", "3")
    assert left.code == 2
    assert left.out == ""
    assert "No such option" in left.err
    assert "Traceback" not in left.err


def test_every_exit_code_is_in_the_help() -> None:
    documented = app_module._HELP.split("Exit codes:")[1]
    used = {0, 2, running._UNEXPECTED, running._INTERRUPTED}
    used |= {code for _, code in running._EXIT_CODES}
    assert used == {int(line.split()[0]) for line in documented.strip().splitlines()}


@pytest.mark.parametrize("module", ["hybridml.cli", "hybridml.__main__"])
def test_import_loads_nothing_heavy(module: str) -> None:
    report = "import json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}\n{report}"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_text_that_the_terminal_cannot_show_does_not_stop_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from hybridml.cli import main; main()", "--help"],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
    )
    assert b"Exit codes" in done.stdout
