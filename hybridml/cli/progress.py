"""How a comparison shows how far it is: a bar for people, lines for logs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from hybridml.cli.terminal import say, to_stderr

if TYPE_CHECKING:
    from hybridml.comparing.progress import Step

OnStep = Callable[["Step"], None]


@contextmanager
def comparison_progress() -> Iterator[OnStep]:
    """Show the steps of a comparison on stderr.

    Yields
    ------
    on_step : callable
        For `compare_transfer_cases` or `compare_fusion`.
    """
    console = to_stderr()
    if not console.is_terminal:
        yield _print_folds
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), _TimeLeft())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Getting ready", total=1.0)

        def show(step: Step) -> None:
            known = {"seconds_left": step.seconds_left, "told_at": time.monotonic()}
            text = _shorten(step.text)
            progress.update(task, description=text, completed=step.done, **known)  # type: ignore[arg-type]

        yield show


def in_words(seconds: float) -> str:
    """Say a time to wait in words, no more exact than an estimate is.

    Examples
    --------
    >>> in_words(8), in_words(47), in_words(200), in_words(6000)
    ('10 s', '50 s', '3 min', '1 h 40 min')
    """
    if seconds < 90:
        return f"{max(10, round(seconds, -1)):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _print_folds(step: Step) -> None:
    """Print one line a fold; epochs would fill a log."""
    if ", epoch " in step.text:
        return
    left = "" if step.seconds_left is None else f", about {in_words(step.seconds_left)}"
    say(f"[{step.done:4.0%}{left and left + ' left'}] {step.text}")


def _shorten(text: str) -> str:
    """Leave the bar its room: the case's number, or the kind, says which it is."""
    text = re.sub(r"^(case \d): [^,]*", r"\1", text)
    return re.sub(r"^(\w+ fusion): [^(,]*", r"\1 ", text)


class _TimeLeft(ProgressColumn):
    """The time left, counted down between the steps that tell it."""

    def render(self, task: Task) -> Text:
        left = task.fields.get("seconds_left")
        if left is None:
            return Text("")
        left -= time.monotonic() - task.fields["told_at"]
        text = f"about {in_words(left)} left" if left > 0 else "nearly there"
        return Text(text, style="progress.remaining")
