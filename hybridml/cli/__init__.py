"""The command ``hybridml``: each subcommand parses, calls one function and prints.

Importing it loads typer and rich only; torch and the rest come with the first use.
"""

from __future__ import annotations

from hybridml.cli.running import main, run

__all__ = ["main", "run"]
