"""Help that teaches: every command, at 80 columns, with examples."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hybridml
from tests.cli.conftest import Typed

COMMANDS = [
    ("demo",),
    ("advise",),
    ("compare",),
    ("fuse",),
    ("fit",),
    ("predict",),
    ("export",),
    ("extract",),
    ("backbones",),
    ("layers",),
    ("store", "info"),
    ("store", "import"),
    ("store", "prune"),
    ("store", "clear"),
    ("ui",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_each_command_has_examples_of_it(
    command: tuple[str, ...], typed: Typed
) -> None:
    shown = typed(*command, "--help")
    assert shown.code == 0
    examples = shown.out.split("Examples")[1]
    assert f"hybridml {' '.join(command)}" in examples


@pytest.mark.parametrize("command", [(), ("store",), *COMMANDS], ids=" ".join)
def test_help_fits_80_columns(command: tuple[str, ...], typed: Typed) -> None:
    lines = typed(*command, "--help").out.splitlines()
    assert len(lines) > 5
    assert [line for line in lines if len(line.rstrip()) > 80] == []


def test_help_lists_every_command(typed: Typed) -> None:
    shown = typed("--help").out
    assert [name for name, *_ in COMMANDS if f"│ {name} " not in shown] == []


def test_no_arguments_shows_the_help(typed: Typed) -> None:
    left = typed()
    assert "Exit codes" in left.out + left.err


def test_h_is_short_for_help(typed: Typed) -> None:
    assert typed("compare", "-h").out == typed("compare", "--help").out


def test_predict_warns_of_foreign_models(typed: Typed) -> None:
    shown = " ".join(typed("predict", "--help").out.split())
    assert "A joblib file is code" in shown


def test_version_is_that_of_the_package(typed: Typed) -> None:
    assert typed("--version") == (0, f"hybridml {hybridml.__version__}\n", "")


def test_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hybridml", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == f"hybridml {hybridml.__version__}\n"
