"""Values travel together, without changing what the store ends up with."""

from __future__ import annotations

from hybridml.tracking.journal.records import Record, end_run, log_text, log_values
from hybridml.tracking.sending.merging import merge


def metrics(run: str, *steps: int) -> Record:
    return log_values(run, metrics=[("loss", 0.5, 0, step) for step in steps])


def steps_of(record: Record) -> list[int]:
    return [step for *_, step in record["metrics"]]


def test_values_of_a_run_travel_together_and_in_order() -> None:
    told = [metrics("a", 0), metrics("b", 0), metrics("a", 1), metrics("a", 2)]
    first, second = merge(told)
    assert (first.record["run"], steps_of(first.record)) == ("a", [0, 1, 2])
    assert (second.record["run"], steps_of(second.record)) == ("b", [0])
    assert first.parts == [told[0], told[2], told[3]]


def test_the_last_tag_wins() -> None:
    (parcel,) = merge(
        [log_values("a", tags={"x": "1"}), log_values("a", tags={"x": "2"})]
    )
    assert parcel.record["tags"] == {"x": "2"}


def test_a_param_told_twice_is_for_the_store_to_refuse() -> None:
    told = [log_values("a", params={"C": "1"}), log_values("a", params={"C": "2"})]
    assert [parcel.record["params"] for parcel in merge(told)] == [
        {"C": "1"},
        {"C": "2"},
    ]


def test_no_parcel_is_larger_than_the_store_takes() -> None:
    told = [metrics("a", *range(n, n + 300)) for n in range(0, 2100, 300)]
    told += [log_values("a", params={f"p{n}": ""}) for n in range(250)]
    told += [log_values("a", tags={f"t{n}": ""}) for n in range(250)]
    records = [parcel.record for parcel in merge(told)]
    for record in records:
        n_params, n_tags = len(record["params"]), len(record["tags"])
        assert max(n_params, n_tags) <= 100
        assert n_params + n_tags + len(record["metrics"]) <= 1000
    assert [step for record in records for step in steps_of(record)] == [*range(2100)]


def test_nothing_moves_over_the_end_of_its_run() -> None:
    told = [metrics("a", 0), end_run("a", "FINISHED"), metrics("a", 1)]
    assert [parcel.record["op"] for parcel in merge(told)] == ["log", "end", "log"]


def test_texts_stay_alone() -> None:
    told = [log_text("a", "1", "x.txt"), log_text("a", "2", "x.txt")]
    assert [parcel.record for parcel in merge(told)] == told
