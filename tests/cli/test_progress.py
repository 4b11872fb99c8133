"""How far a comparison is: lines for logs, a bar for people, never on stdout."""

from __future__ import annotations

import pytest
from rich.console import Console

from hybridml.cli import progress
from hybridml.cli.progress import comparison_progress, in_words
from hybridml.cli.terminal import to_stderr
from hybridml.comparing.progress import Step

STEPS = [
    Step("case 2: fine-tune the last two layers, fold 1/2", 0.0, None),
    Step("case 2: fine-tune the last two layers, fold 1/2, epoch 1/5", 0.1, 90.0),
    Step("case 2: fine-tune the last two layers, fold 2/2", 0.5, 200.0),
]


@pytest.fixture(autouse=True)
def _fresh_console() -> None:
    to_stderr.cache_clear()


def test_log_gets_one_line_a_fold_with_the_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with comparison_progress() as on_step:
        for step in STEPS:
            on_step(step)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "[  0%] case 2: fine-tune the last two layers, fold 1/2",
        "[ 50%, about 3 min left] case 2: fine-tune the last two layers, fold 2/2",
    ]


def test_terminal_gets_a_bar_with_the_epoch_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    console = Console(force_terminal=True, width=80, record=True, quiet=False)
    monkeypatch.setattr(progress, "to_stderr", lambda: console)
    with comparison_progress() as on_step:
        for step in STEPS[:2]:
            on_step(step)
    shown = console.export_text()
    assert "case 2, fold 1/2, epoch 1/5" in shown
    assert "about 90 s left" in shown
    assert len(shown[shown.index("case 2") :].rstrip()) <= 80


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("late fusion: predictions combined (mean), fold 1/2", "late fusion (mean), "),
        ("photo alone, fold 1/2", "photo alone, "),
        ("case 1: features and a head, fold 1/2", "case 1, "),
    ],
)
def test_terminal_leaves_out_what_is_only_explained(text: str, shown: str) -> None:
    assert progress._shorten(text) == f"{shown}fold 1/2"


def test_time_left_runs_down_between_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    task = _task(seconds_left=60.0, told_at=100.0)
    column = progress._TimeLeft()
    assert column.render(task).plain == "about 60 s left"
    now = 130.0
    assert column.render(task).plain == "about 30 s left"
    now = 200.0
    assert column.render(task).plain == "nearly there"


def _task(**fields: float) -> progress.Task:
    return progress.Task(
        id=0,  # type: ignore[arg-type]
        description="",
        total=1.0,
        completed=0.0,
        _get_time=lambda: 0.0,
        fields=fields,
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "10 s"), (44, "40 s"), (89, "90 s"), (91, "2 min"), (3600, "1 h 0 min")],
)
def test_time_is_said_no_more_exactly_than_it_is_known(
    seconds: float, words: str
) -> None:
    assert in_words(seconds) == words
