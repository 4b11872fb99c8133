"""Which records can go to the store together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hybridml.tracking._mlflow_values import METRICS_PER_BATCH, PARAMS_PER_BATCH
from hybridml.tracking.journal.records import Record


@dataclass
class Parcel:
    """Records that one call sends.

    Attributes
    ----------
    record : Record
        What is sent.
    parts : list of Record
        What it was made of: sent one by one where the store refuses the whole.
    """

    record: Record
    parts: list[Record]


def merge(records: Iterable[Record]) -> list[Parcel]:
    """Put the values of a run into as few parcels as the store's limits allow.

    Values of different runs change places; the order inside a run stays, so far as it
    matters: a run is created first and ended last, and later tags win.

    Examples
    --------
    >>> told = [{"op": "log", "run": run, "params": {}, "tags": {"a": run},
    ...          "metrics": [["loss", 0.5, 0, step]]}
    ...         for step in range(3) for run in ("x", "y")]
    >>> [len(parcel.parts) for parcel in merge(told)]
    [3, 3]
    """
    parcels: list[Parcel] = []
    growing: dict[str, Parcel] = {}
    for record in records:
        if record["op"] != "log":
            parcels.append(Parcel(record, [record]))
            growing.pop(record["run"], None)
            continue
        parcel = growing.get(record["run"])
        if parcel is not None and _fits(parcel.record, record):
            parcel.record = _joined(parcel.record, record)
            parcel.parts.append(record)
        else:
            growing[record["run"]] = Parcel(record, [record])
            parcels.append(growing[record["run"]])
    return parcels


def _fits(first: Record, second: Record) -> bool:
    params = len(first["params"]) + len(second["params"])
    tags = len(first["tags"]) + len(second["tags"])
    metrics = len(first["metrics"]) + len(second["metrics"])
    is_small = max(params, tags) <= PARAMS_PER_BATCH
    is_clear = not first["params"].keys() & second["params"].keys()
    return is_small and is_clear and params + tags + metrics <= METRICS_PER_BATCH


def _joined(first: Record, second: Record) -> dict[str, Any]:
    return {
        **first,
        "params": first["params"] | second["params"],
        "tags": first["tags"] | second["tags"],
        "metrics": [*first["metrics"], *second["metrics"]],
    }
