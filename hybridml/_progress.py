"""Progress bars on stderr, for people; nothing is shown unless asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def image_progress(
    n_images: int, what: str, *, shown: bool
) -> Iterator[Callable[[int], None]]:
    """Show on stderr how many of `n_images` are done, how fast, and the time left.

    On a terminal the bar goes away when all is done; a log gets its last state.

    Parameters
    ----------
    n_images : int
    what : str
        Stands before the bar.
    shown : bool
        Nothing is shown otherwise.

    Yields
    ------
    tick : callable
        To be called with the number of images done since the last call.
    """
    if not shown:
        yield lambda n_done: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("images"),
        RateColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=console.is_terminal) as progress:
        task = progress.add_task(what, total=n_images)
        yield lambda n_done: progress.advance(task, n_done)
