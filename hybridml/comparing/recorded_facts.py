"""What a comparison tells the tracker before it begins: its data and its versions."""

from __future__ import annotations

import json

import numpy as np

from hybridml._environment import describe_environment
from hybridml.comparing.data import Data
from hybridml.comparing.identity import digest_data
from hybridml.tracking.protocol import Run


def record_facts(parent: Run, data: Data) -> None:
    """Record what is compared on, and with which versions of what computes."""
    rows = f"{data.noun}s"
    counts = _class_counts(data)
    settings = {"n_folds": len(data.folds), "scoring": data.scoring_name}
    parent.log_params({**_size(data), **_in_words(counts, rows), **settings})
    facts = {f"{rows}_per_class": counts} if counts else {}
    parent.log_dataset(rows, digest_data(data), {**_size(data), **facts})
    environment = json.dumps(describe_environment(), indent=2)
    parent.log_text(f"{environment}\n", "environment.json")


def _size(data: Data) -> dict[str, object]:
    return {f"n_{data.noun}s": len(data.targets), "task": data.task}


def _class_counts(data: Data) -> dict[str, int]:
    if data.task != "classification":
        return {}
    classes, counts = np.unique(data.targets, return_counts=True)
    sizes = zip(classes.tolist(), counts.tolist(), strict=True)
    return {str(name): n for name, n in sizes}


def _in_words(counts: dict[str, int], rows: str) -> dict[str, object]:
    if not counts:
        return {}
    sizes = ", ".join(f"{name}: {n}" for name, n in counts.items())
    return {"n_classes": len(counts), f"{rows}_per_class": sizes}
