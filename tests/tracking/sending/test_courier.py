"""The process that sends: shared, sent away, and never in the way of an exit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybridml.tracking.journal.answers import Answers
from hybridml.tracking.journal.folder import About, JournalFolder
from hybridml.tracking.journal.lines import append_line
from hybridml.tracking.journal.records import create_run
from hybridml.tracking.sending.courier import Courier, courier_to, forget

DEAD = "http://127.0.0.1:9"
HOME = str(Path(__file__).resolve().parents[3])


@pytest.fixture
def courier() -> Iterator[Courier]:
    made = Courier(DEAD, 0.5)
    yield made
    made.kill()


def journal_in(folder: Path) -> JournalFolder:
    journal = JournalFolder.create(folder, About(DEAD, "pets", 0.5, 1e9))
    append_line(journal.records, create_run("top", "compare", {}, ""))
    return journal


def failure_of(journal: JournalFolder) -> str:
    answers = Answers(journal.answers(DEAD))
    deadline = time.monotonic() + 20
    while answers.failure is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
        answers.read()
    return answers.failure


def test_each_journal_is_answered(courier: Courier, tmp_path: Path) -> None:
    for name in ("first", "second"):
        journal = journal_in(tmp_path / name)
        courier.take(journal)
        assert "refused" in failure_of(journal)
    assert courier.is_alive


def test_one_that_is_dismissed_sends_what_it_has_and_ends(
    courier: Courier, tmp_path: Path
) -> None:
    journal = journal_in(tmp_path)
    courier.take(journal)
    courier.dismiss()
    courier.wait(20)
    assert not courier.is_alive
    assert "refused" in failure_of(journal)


def test_a_journal_has_one_sender_at_a_time(courier: Courier, tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    with journal.turn():
        courier.take(journal)
        time.sleep(1.0)
        assert not journal.answers(DEAD).exists()
    assert "refused" in failure_of(journal)


def test_what_is_told_to_a_dead_one_is_lost_without_a_word(
    courier: Courier, tmp_path: Path
) -> None:
    courier.kill()
    assert not courier.is_alive
    courier.take(journal_in(tmp_path))
    courier.hurry()


def test_there_is_one_to_a_store_until_it_is_forgotten() -> None:
    first = courier_to("http://127.0.0.1:9/one", 0.5)
    assert courier_to("http://127.0.0.1:9/one", 0.5) is first
    forget(first)
    second = courier_to("http://127.0.0.1:9/one", 0.5)
    assert second is not first
    first.wait(20)
    assert not first.is_alive
    assert second.is_alive
    forget(second)


def test_one_that_has_died_is_replaced() -> None:
    first = courier_to("http://127.0.0.1:9/two", 0.5)
    first.kill()
    second = courier_to("http://127.0.0.1:9/two", 0.5)
    assert second.is_alive
    forget(second)


@pytest.mark.parametrize(
    "ending", ["pass", "raise SystemExit(0)", "import os; os._exit(0)"]
)
def test_the_exit_of_the_work_is_no_error_and_leaves_the_journal(
    tmp_path: Path, ending: str
) -> None:
    code = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "from hybridml.tracking import MLflowTracker\n"
        f"tracker = MLflowTracker({DEAD!r}, journal=sys.argv[1], timeout_s=0.5)\n"
        f"tracker.run('left open').__enter__()\n{ending}"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "journals")],
        env={**os.environ, "PYTHONPATH": HOME},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - began < 20
    (folder,) = (tmp_path / "journals").iterdir()
    assert "refused" in failure_of(JournalFolder(folder))
