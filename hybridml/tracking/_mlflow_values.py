"""How names and values are made to fit what MLflow takes."""

from __future__ import annotations

import getpass
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

ItemT = TypeVar("ItemT")

# MLflow's own limits (mlflow.utils.validation).
MAX_KEY_CHARACTERS = 250
MAX_PARAM_CHARACTERS = 6000
MAX_TAG_CHARACTERS = 8000
MAX_DATASET_NAME_CHARACTERS = 500
MAX_DIGEST_CHARACTERS = 36
METRICS_PER_BATCH = 1000
PARAMS_PER_BATCH = 100


def to_params(params: Mapping[str, object]) -> dict[str, str]:
    """Return settings as text, cut where it is too long."""
    return {
        key: shorten(storable(str(value)), MAX_PARAM_CHARACTERS)
        for key, value in _with_clean_keys(params)
    }


def to_metrics(
    metrics: Mapping[str, float], step: int | None
) -> list[tuple[str, float, int, int]]:
    """Return numbers with their key, the time of now in ms, and the step.

    NaN is kept as such; MLflow stores an infinity as the largest float there is.
    """
    now_ms = int(time.time() * 1000)
    return [
        (key, float(value), now_ms, int(step or 0))
        for key, value in _with_clean_keys(metrics)
    ]


def to_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as text, cut where it is too long."""
    return {
        key: shorten(storable(str(value)), MAX_TAG_CHARACTERS)
        for key, value in _with_clean_keys(tags)
    }


def run_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return a new run's tags: those given, and who runs what."""
    return {**_origin(), "mlflow.source.type": "LOCAL"} | to_tags(tags)


def to_dataset(name: str, digest: str, facts: Mapping[str, object]) -> dict[str, str]:
    """Return what MLflow keeps of a dataset, which is said to come from this code."""
    return {
        "name": shorten(storable(name), MAX_DATASET_NAME_CHARACTERS),
        "digest": shorten(storable(digest), MAX_DIGEST_CHARACTERS, mark=""),
        "source_type": "code",
        "source": json.dumps({"tags": _origin()}),
        "profile": json.dumps(dict(facts), default=str),
    }


def clean_key(name: str) -> str:
    """Return the nearest name that MLflow takes as a key.

    Examples
    --------
    >>> clean_key("top-5 error [%]"), clean_key("val//loss"), clean_key("../x")
    ('top-5 error ___', 'val/loss', 'x')
    """
    allowed = re.sub(r"[^\w./ -]", "_", name)
    parts = [part for part in allowed.split("/") if part not in {"", ".", ".."}]
    return shorten("/".join(parts), MAX_KEY_CHARACTERS, mark="") or "_"


def clean_file_name(name: str) -> str:
    """Return the nearest name of a file, with its folders, that is no piece of an URL.

    MLflow puts it into addresses as it is: what follows a "#" or "?" would be lost.

    Examples
    --------
    >>> clean_file_name("plots/loss #1, 50%.svg"), clean_file_name("../x")
    ('plots/loss _1, 50_.svg', 'x')
    """
    allowed = re.sub(r'[\x00-\x1f#?%\\:*"<>|]', "_", encodable(name))
    parts = [part for part in allowed.split("/") if part not in {"", ".", ".."}]
    return "/".join(parts) or "_"


def shorten(text: str, limit: int, *, mark: str = "…") -> str:
    """Return `text`, cut to `limit` characters with a `mark` at the end.

    Examples
    --------
    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - len(mark)] + mark


def encodable(text: str) -> str:
    r"""Return `text` with a "?" for what no file can hold.

    Examples
    --------
    >>> encodable("half a character: \ud83d")
    'half a character: ?'
    """
    return text.encode("utf-8", "replace").decode()


def storable(text: str) -> str:
    r"""Return `text` with a "?" for what not every database can hold.

    Examples
    --------
    >>> storable("PostgreSQL has no \0")
    'PostgreSQL has no ?'
    """
    return encodable(text).replace("\0", "?")


def batches(items: Iterable[ItemT], size: int) -> Iterator[Sequence[ItemT]]:
    """Split `items` into lists of at most `size`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def current_user() -> str:
    """Return the name of who runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id without a name
        return "unknown"


def _origin() -> dict[str, str]:
    source = storable(sys.argv[0] or "python")
    return {"mlflow.user": current_user(), "mlflow.source.name": source}


def _with_clean_keys(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    taken: set[str] = set()
    for name, value in values.items():
        key, n = clean_key(str(name)), 1
        while key in taken:  # two names that differ only in what had to go
            n += 1
            key = f"{clean_key(str(name))[: MAX_KEY_CHARACTERS - 5]}_{n}"
        taken.add(key)
        yield key, value
