"""A delivery that fails anywhere is finished by the next one; nothing is doubled."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hybridml.tracking.journal import records
from hybridml.tracking.journal.answers import Answers
from hybridml.tracking.journal.folder import About, JournalFolder
from hybridml.tracking.journal.lines import append_line
from hybridml.tracking.sending.delivery import Delivery

URI = "http://server:5000"
N_CALLS = 58  # of a store, each of them twice: before and after its work


class RefusedError(ConnectionError):
    error_code = "INVALID_PARAMETER_VALUE"


@dataclass
class StoreInMemory:
    """Keeps runs as MLflow does; one of its calls fails, before or after its work."""

    fails_at: int | None = None
    uri: str = URI
    was_reached: bool = True
    n_calls: int = 0
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def reach(self) -> None:
        self._may_fail()

    def open(self, experiment: str) -> str:
        return experiment

    def create_run(self, experiment: str, record: Any, parent_id: str) -> str:
        with_id = f"id{len(self.runs)}"
        self._may_fail()
        kept = {k: record[k] for k in ("name", "time_ms")}
        content = {"metrics": set(), "params": {}, "files": {}, "tags": record["tags"]}
        content["datasets"] = set()
        self.runs[with_id] = {**kept, **content, "key": record["run"], "up": parent_id}
        self._may_fail()
        return with_id

    def find_run(self, experiment: str, key: str) -> str | None:
        return next((i for i, run in self.runs.items() if run["key"] == key), None)

    def log_values(self, run_id: str, params: Any, metrics: Any, tags: Any) -> None:
        run = self.runs[run_id]
        self._may_fail()
        if any(
            run["params"].get(name, value) != value for name, value in params.items()
        ):
            raise RefusedError("changing a param")
        run["params"] |= params
        run["metrics"] |= {tuple(metric) for metric in metrics}
        run["tags"] = run["tags"] | tags
        self._may_fail()

    def log_dataset(self, run_id: str, about: Any) -> None:
        self._may_fail()
        self.runs[run_id]["datasets"].add(about["digest"])
        self._may_fail()

    def log_text(self, run_id: str, text: str, file_name: str) -> None:
        self._may_fail()
        self.runs[run_id]["files"][file_name] = text
        self._may_fail()

    def log_file(self, run_id: str, path: Path) -> None:
        self.log_text(run_id, path.read_text(), path.name)

    def end_run(self, run_id: str, status: str, time_ms: int) -> None:
        self._may_fail()
        self.runs[run_id] |= {"status": status, "end_ms": time_ms}
        self._may_fail()

    def _may_fail(self) -> None:
        self.n_calls += 1
        if self.n_calls == self.fails_at:
            raise ConnectionError("gone")


@pytest.fixture
def journal(tmp_path: Path) -> JournalFolder:
    """A comparison: a run with two cases, two folds each, and a refused param."""
    journal = JournalFolder.create(tmp_path, About(URI, "pets", 1.0, 1e9))
    (tmp_path / "plot.svg").write_text("<svg/>")
    kept = journal.keep_file(tmp_path / "plot.svg", "plot.svg")
    told = [
        records.create_run("top", "compare", {"kind": "test"}, ""),
        records.log_values("top", params={"n": "2"}),
        records.log_dataset("top", {"name": "photos", "digest": "1f"}),
        *_case("1"),
        records.log_values("top", params={"n": "3"}),
        *_case("2"),
        records.log_file("top", kept),
        records.log_values("top", tags={"winner": "case 2"}),
        records.end_run("top", "FINISHED"),
    ]
    for record in told:
        append_line(journal.records, record)
    return journal


def _case(case: str) -> list[records.Record]:
    told = [records.create_run(case, f"case {case}", {}, "top")]
    for fold in ("a", "b"):
        run = f"{case}{fold}"
        told += [
            records.create_run(run, f"fold {run}", {}, case),
            records.log_values(run, metrics=[("loss", 0.5, 7, 1), ("loss", 0.4, 8, 2)]),
            records.log_text(run, "hello", "notes/a.txt"),
            records.end_run(run, "FINISHED"),
            records.log_values(case, metrics=[("score", 0.5, 9, int(fold == "b"))]),
        ]
    return [*told, records.end_run(case, "KILLED")]


def send(journal: JournalFolder, store: Any, **options: Any) -> Delivery:
    delivery = Delivery(journal, store, **{"is_replay": False, **options})
    delivery.send_new()
    return delivery


def test_everything_arrives_where_it_belongs(journal: JournalFolder) -> None:
    store = StoreInMemory()
    assert send(journal, store).is_done
    by_name = {run["name"]: (run_id, run) for run_id, run in store.runs.items()}
    top_id, top = by_name["compare"]
    assert top["files"] == {"plot.svg": "<svg/>"}
    assert top["tags"] == {"kind": "test", "winner": "case 2"}
    assert top["params"] == {"n": "2"}
    assert top["datasets"] == {"1f"}
    assert by_name["case 2"][1]["up"] == top_id
    assert by_name["case 2"][1]["status"] == "KILLED"
    assert by_name["fold 2b"][1]["up"] == by_name["case 2"][0]
    assert len(store.runs) == 7


def test_a_refused_value_is_noted_and_costs_only_itself(journal: JournalFolder) -> None:
    delivery = send(journal, StoreInMemory())
    answers = Answers(delivery.answers_path)
    answers.read()
    assert answers.refused == ["changing a param"]
    assert answers.n_sent == journal.n_bytes()


def test_what_has_arrived_is_not_sent_again(journal: JournalFolder) -> None:
    store = StoreInMemory()
    send(journal, store)
    before = store.n_calls
    send(journal, store, is_replay=True)
    assert store.n_calls == before


@pytest.mark.parametrize("call", range(1, N_CALLS + 1))
@pytest.mark.parametrize("is_same_process", [True, False])
def test_a_store_that_fails_at_any_call_ends_up_the_same(
    journal: JournalFolder, call: int, is_same_process: bool, tmp_path: Path
) -> None:
    undisturbed, store = StoreInMemory(), StoreInMemory(fails_at=call)
    send(journal, undisturbed)
    journal.answers(URI).unlink()
    assert undisturbed.n_calls == N_CALLS
    delivery = Delivery(journal, store, is_replay=False)
    with pytest.raises(ConnectionError, match="gone"):
        delivery.send_new()
    if is_same_process:
        delivery.send_new()
    else:
        send(journal, store, is_replay=True)
    assert store.runs == undisturbed.runs


def test_a_process_killed_before_it_could_note_anything_doubles_nothing(
    journal: JournalFolder,
) -> None:
    store = StoreInMemory()
    send(journal, store)
    undisturbed = {run_id: dict(run) for run_id, run in store.runs.items()}
    journal.answers(URI).unlink()
    send(journal, store, is_replay=True)
    assert store.runs == undisturbed


def test_another_store_gets_all_of_it(journal: JournalFolder) -> None:
    first, second = StoreInMemory(), StoreInMemory(uri="http://other:5000")
    send(journal, first)
    send(journal, second, is_replay=True)
    assert second.runs == first.runs


def test_a_run_of_another_journal_is_found_by_its_key(
    journal: JournalFolder, tmp_path: Path
) -> None:
    other = JournalFolder.create(tmp_path, journal.about)
    append_line(other.records, records.log_values("top", tags={"from": "a fork"}))
    store = StoreInMemory()
    with pytest.raises(ConnectionError, match="key top is not there yet"):
        send(other, store)
    send(journal, store)
    send(other, store)
    assert store.runs["id0"]["tags"]["from"] == "a fork"


def test_a_lost_copy_costs_only_itself(journal: JournalFolder) -> None:
    (copy,) = journal.path.glob("files/*/plot.svg")
    copy.unlink()
    delivery = send(journal, StoreInMemory())
    answers = Answers(delivery.answers_path)
    answers.read()
    assert "the journal has lost the file plot.svg" in answers.refused
    assert delivery.is_done


def test_a_run_that_cannot_be_created_is_no_refused_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = JournalFolder.create(tmp_path, About(URI, "deleted", 1.0, 1e9))
    append_line(journal.records, records.create_run("top", "compare", {}, ""))

    def refuse(*args: object) -> str:
        raise RefusedError("the experiment is deleted")

    store = StoreInMemory()
    monkeypatch.setattr(store, "create_run", refuse)
    with pytest.raises(RefusedError, match="deleted"):
        send(journal, store)
