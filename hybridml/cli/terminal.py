"""Where text goes: results on stdout, everything about the work on stderr."""

from __future__ import annotations

from functools import cache

from rich.console import Console
from rich.text import Text


@cache
def to_stderr() -> Console:
    """Return the console of messages and progress, one for both so that they mix."""
    return Console(stderr=True, highlight=False)


@cache
def to_stdout() -> Console:
    """Return the console of results."""
    return Console(highlight=False)


def say(message: str, *, style: str = "") -> None:
    """Tell about the work on stderr; lines are not broken, so paths stay whole."""
    to_stderr().print(Text(message, style=style), soft_wrap=True)
