"""How the help texts of the commands are set."""

from __future__ import annotations

import inspect


def examples(*lines: tuple[str, str]) -> str:
    r"""Set commands, each with what it is for, as the end of a help text.

    The backspace character tells typer to keep the lines as they are.

    Examples
    --------
    >>> examples(("hybridml ui", "see every run"))
    '\x08\n[bold]Examples[/bold]\n  hybridml ui\n      see every run'
    """
    shown = "\n".join(f"  {command}\n      {why}" for command, why in lines)
    return f"\b\n[bold]Examples[/bold]\n{shown}".replace("\\[", "[")


def unwrap(text: str | None) -> str:
    r"""Join the lines of each paragraph, so that the terminal breaks them, not we.

    Paragraphs that begin with the backspace character keep their lines.

    Examples
    --------
    >>> unwrap("First line.\n\nA paragraph\nof two lines.\n\n\bA\nlist")
    'First line.\n\nA paragraph of two lines.\n\n\x08A\nlist'
    """
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(
        part if part.startswith("\b") else part.replace("\n", " ")
        for part in paragraphs
    )
