"""What surrounds every command: exit codes, errors and warnings in one line each."""

from __future__ import annotations

import shlex
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from hybridml._optional import MissingPackageError
from hybridml.cli.app import app
from hybridml.cli.terminal import say
from hybridml.exceptions import (
    DataError,
    HybridMLError,
    HybridMLWarning,
    InvalidParameterError,
    ModelError,
    UnknownBackboneError,
    UnknownCutLayerError,
    UnknownNameError,
    WeightsError,
)

_UNEXPECTED, _INTERRUPTED = 1, 130
_EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (DataError, 3),
    (UnknownNameError, 4),
    (InvalidParameterError, 4),
    (WeightsError, 5),
    (ModelError, 5),
    (MissingPackageError, 6),
)
_HINTS: tuple[tuple[type[Exception], str], ...] = (
    (UnknownBackboneError, "All names: hybridml backbones"),
    (UnknownCutLayerError, "All names: hybridml layers BACKBONE"),
    (WeightsError, "On the command line: --weights FILE, or --weights none"),
)


def main() -> None:
    """Run the command line of this process, and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Parameters
    ----------
    arguments : sequence of str
        What follows ``hybridml``; ``--debug`` may stand anywhere.

    Returns
    -------
    exit_code : int
        0, or what ``hybridml --help`` lists.
    """
    _replace_what_cannot_be_shown(sys.stdout, sys.stderr)
    is_debug = "--debug" in arguments
    rest = [argument for argument in arguments if argument != "--debug"]
    with _one_line_warnings(is_debug):
        try:
            app(args=rest, prog_name="hybridml")
        except SystemExit as left:
            return _after_exit(left.code)
        except KeyboardInterrupt:
            return _after_exit(_INTERRUPTED)
        except Exception as error:  # whatever it is, the user gets a message
            return _after_error(error, rest, is_debug)
    return 0


def exit_code_of(error: BaseException) -> int:
    """Return the exit code that tells this kind of error from the others."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 1)


def _after_exit(code: object) -> int:
    if code == _INTERRUPTED:
        say("Interrupted. Computed features are kept: run it again to go on.")
    return code if isinstance(code, int) else 0 if code is None else _UNEXPECTED


def _after_error(error: Exception, arguments: Sequence[str], is_debug: bool) -> int:
    if is_debug:
        traceback.print_exception(error)
    code = exit_code_of(error)
    if isinstance(error, HybridMLError):
        hints = [hint for kind, hint in _HINTS if isinstance(error, kind)]
        say("\n".join([f"Error: {error}", *hints]), style="red")
        return code
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    typed = shlex.join(["hybridml", *arguments, "--debug"])
    cure = "" if is_debug else f"\nTo see where it comes from, run: {typed}"
    say(f"Unexpected error: {what}{cure}", style="red")
    return code


@contextmanager
def _one_line_warnings(is_debug: bool) -> Iterator[None]:
    """Show our own warnings as one line; others, made for programmers, not at all."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        is_ours = issubclass(category, HybridMLWarning)
        origin = "" if is_ours else f" ({category.__name__}, {filename}:{lineno})"
        say(f"Warning: {' '.join(str(message).split())}{origin}", style="yellow")

    with warnings.catch_warnings():
        warnings.simplefilter("default" if is_debug else "ignore")
        warnings.simplefilter("default", HybridMLWarning)
        warnings.showwarning = show
        yield


def _replace_what_cannot_be_shown(*streams: TextIO) -> None:
    """Print a question mark rather than fail where the terminal is not Unicode."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
