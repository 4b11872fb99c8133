"""How the examples below each command's help are set."""

from __future__ import annotations


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
