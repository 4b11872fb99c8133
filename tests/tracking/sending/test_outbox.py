"""The work goes on whatever happens, and is told once what became of its records."""

from __future__ import annotations

import os
import pickle
import threading
import time
import warnings
from pathlib import Path

import pytest

from hybridml.exceptions import TrackingWarning
from hybridml.tracking import list_journals
from hybridml.tracking.journal import records
from hybridml.tracking.journal.answers import note_created, note_failed, note_sent
from hybridml.tracking.journal.folder import JournalFolder
from hybridml.tracking.sending import open_journal
from hybridml.tracking.sending.outbox import Outbox


class Courier:
    """Answers as the sending process does, from this one."""

    def __init__(self) -> None:
        self.is_alive = True
        self.taken: list[JournalFolder] = []
        self.replays: list[bool] = []
        self.failure: str | None = None
        self.was_killed = False

    def take(self, folder: JournalFolder, *, is_replay: bool = False) -> None:
        self.taken.append(folder)
        self.replays.append(is_replay)

    def hurry(self) -> None:
        for folder in self.taken:
            if folder.is_there:
                self._answer(folder, folder.answers(folder.about.tracking_uri))

    def dismiss(self) -> None:
        pass

    def kill(self) -> None:
        self.was_killed = True

    def _answer(self, folder: JournalFolder, path: Path) -> None:
        if self.failure is not None:
            note_failed(path, self.failure)
        elif self.is_alive:
            note_created(path, "top", "id0")
            note_sent(path, folder.n_bytes())


@pytest.fixture
def courier(monkeypatch: pytest.MonkeyPatch) -> Courier:
    made = Courier()
    monkeypatch.setattr(open_journal, "courier_to", lambda uri, timeout_s: made)
    return made


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox("http://me:secret@server:5000", "pets", 1.0, tmp_path / "journals")


def work(outbox: Outbox) -> None:
    outbox.open_block()
    outbox.post(records.create_run("top", "compare", {}, ""))
    outbox.post(records.end_run("top", "FINISHED"))
    outbox.close_block()


def test_a_journal_that_has_arrived_is_removed(
    outbox: Outbox, courier: Courier, tmp_path: Path
) -> None:
    work(outbox)
    assert outbox.run_id_of("top") == "id0"
    assert list((tmp_path / "journals").iterdir()) == []
    assert outbox.where() == "MLflow at http://me:***@server:5000, experiment 'pets'"


def test_a_store_that_fails_is_told_once_and_the_journal_is_kept(
    outbox: Outbox, courier: Courier, tmp_path: Path
) -> None:
    courier.failure = "no route"
    with pytest.warns(TrackingWarning, match="no route.*track replay") as caught:
        work(outbox)
    assert len(caught) == 1
    assert "secret" not in str(caught[0].message)
    assert caught[0].filename == __file__
    n_bytes = courier.taken[0].n_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        work(outbox)
    (folder,) = (tmp_path / "journals").iterdir()
    assert courier.taken == [JournalFolder(folder)]
    assert courier.taken[0].n_bytes() > n_bytes
    assert "secret" not in (folder / "about.json").read_text()
    assert str(folder) in outbox.where()
    assert outbox.run_id_of("top") is None


def test_a_warning_that_is_an_error_leaves_the_journal_whole(
    outbox: Outbox, courier: Courier
) -> None:
    courier.failure = "no route"
    with pytest.raises(TrackingWarning, match="no route"):
        work(outbox)
    assert courier.taken[0].n_bytes() > 0
    work(outbox)


def test_a_courier_that_dies_is_replaced_a_few_times(
    outbox: Outbox, courier: Courier
) -> None:
    courier.is_alive = False
    with pytest.warns(TrackingWarning, match="ends each time"):
        work(outbox)
    assert courier.replays == [False, True, True]


def test_no_courier_at_all_is_a_store_that_fails(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(uri: str, timeout_s: float) -> Courier:
        raise OSError("too many processes")

    monkeypatch.setattr(open_journal, "courier_to", fail)
    with pytest.warns(TrackingWarning, match="too many processes.*track replay"):
        work(outbox)


def test_a_courier_that_does_not_move_is_given_up(
    outbox: Outbox, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "hurry", lambda: None)
    monkeypatch.setattr(open_journal, "patience_s", lambda timeout_s: 0.05)
    with pytest.warns(TrackingWarning, match="too long"):
        work(outbox)
    assert courier.was_killed


def test_a_folder_that_cannot_be_written_is_told_once(
    courier: Courier, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    outbox = Outbox("http://server:5000", "pets", 1.0, tmp_path / "file")
    with pytest.warns(TrackingWarning, match="no journal can be written") as caught:
        work(outbox)
    assert len(caught) == 1
    work(outbox)
    outbox.post_file("top", tmp_path / "file", "file")
    assert "no journal could be written" in outbox.where()


def test_a_file_that_cannot_be_copied_costs_only_itself(
    outbox: Outbox, courier: Courier, tmp_path: Path
) -> None:
    outbox.open_block()
    with pytest.warns(TrackingWarning, match="gone.txt is not recorded"):
        outbox.post_file("top", tmp_path / "gone.txt", "gone.txt")
    work(outbox)
    assert "experiment" in outbox.where()


def test_the_journal_stays_as_long_as_a_run_is_open(
    outbox: Outbox, courier: Courier
) -> None:
    outbox.open_block()
    work(outbox)
    assert courier.taken[0].is_there
    outbox.close_block()
    assert not courier.taken[0].path.exists()


def test_an_interrupt_while_it_waits_loses_nothing(
    outbox: Outbox, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(courier, "hurry", interrupt)
        with pytest.raises(KeyboardInterrupt):
            work(outbox)
    (journal,) = courier.taken
    assert len(journal.records.read_text().splitlines()) == 2
    work(outbox)
    assert not journal.is_there


def test_a_journal_that_was_kept_can_be_replayed_between_runs(
    outbox: Outbox, courier: Courier, tmp_path: Path
) -> None:
    courier.failure = "no route"
    outbox.open_block()
    with pytest.warns(TrackingWarning, match="no route"):
        work(outbox)
    (waiting,) = list_journals(tmp_path / "journals")
    assert waiting.is_in_use
    outbox.close_block()
    (waiting,) = list_journals(tmp_path / "journals")
    assert not waiting.is_in_use
    with JournalFolder(waiting.path).lock():  # as a replay does
        work(outbox)
    assert len(list_journals(tmp_path / "journals")) == 2
    for waiting in list_journals(tmp_path / "journals"):
        JournalFolder(waiting.path).remove()
    work(outbox)
    (waiting,) = list_journals(tmp_path / "journals")
    assert waiting.n_records == 2


def test_threads_write_whole_records(outbox: Outbox, courier: Courier) -> None:
    outbox.open_block()

    def post() -> None:
        for step in range(50):
            outbox.post(records.log_values("top", metrics=[("a", 0.5, 0, step)]))

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(courier.taken[0].records.read_text().splitlines()) == 200
    outbox.close_block()


def test_a_copy_by_pickling_writes_a_journal_of_its_own(
    outbox: Outbox, courier: Courier
) -> None:
    outbox.open_block()
    outbox.post(records.create_run("top", "compare", {}, ""))
    copy = pickle.loads(pickle.dumps(outbox))
    work(copy)
    outbox.close_block()
    assert len({folder.path for folder in courier.taken}) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_writes_a_journal_of_its_own(
    outbox: Outbox, courier: Courier, tmp_path: Path
) -> None:
    outbox.open_block()
    outbox.post(records.create_run("top", "compare", {}, ""))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        child = os.fork()
    if child == 0:
        outbox.post(records.log_values("top", tags={"from": "the fork"}))
        os._exit(len(courier.taken))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 2
    assert len(list((tmp_path / "journals").iterdir())) == 2
    assert "the fork" not in courier.taken[0].records.read_text()
    outbox.close_block()


def test_posting_does_not_wait(outbox: Outbox, courier: Courier) -> None:
    outbox.open_block()
    began = time.monotonic()
    for step in range(200):
        outbox.post(records.log_values("top", metrics=[("a", 0.5, 0, step)]))
    assert time.monotonic() - began < 1.0
    outbox.close_block()
