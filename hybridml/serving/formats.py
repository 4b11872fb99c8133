"""How a request spells a table, and how the answer spells predictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd

from hybridml._checks import list_names
from hybridml.models.limits import Limits
from hybridml.models.manifest import Manifest
from hybridml.serving.rows import RequestError, check_row_count

_RAW = ("image/", "audio/", "application/octet-stream")


def read_table(
    body: bytes, content_type: str, manifest: Manifest, limits: Limits
) -> pd.DataFrame:
    """Read the table of a request.

    Parameters
    ----------
    body : bytes
        JSON in one of MLflow's forms: an object with dataframe_split,
        dataframe_records, instances or inputs. Or the bytes of one image or sound, for
        a model that takes nothing else.
    content_type : str
        "application/json", or "image/...", "audio/..." or "application/octet-stream".
    manifest : Manifest
    limits : Limits
        Of which the number of rows is heeded.

    Returns
    -------
    table : DataFrame
        Those of the columns that the model reads, all with dtype object.

    Raises
    ------
    RequestError
        If it cannot be read.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith(_RAW):
        return _one_file(body, manifest)
    if kind not in ("", "application/json"):
        raise RequestError(
            f"Got content type {kind[:80]!r}; expected 'application/json', or "
            "'image/...' or 'audio/...' with the bytes of a file."
        )
    said = _parse(body)
    found = [name for name in _FORMS if name in said] if isinstance(said, dict) else []
    if len(found) != 1:
        raise RequestError(
            f"Expected a JSON object with one of {list_names(_FORMS)}, such as "
            '{"dataframe_records": [{"image": "<base64>"}]}.'
        )
    columns, rows = _FORMS[found[0]](said[found[0]], _Asked(manifest, limits))
    return pd.DataFrame(
        {
            name: pd.Series([row[i] for row in rows], dtype=object)
            for i, name in enumerate(columns)
        }
    )


def write_predictions(predictions: pd.DataFrame) -> bytes:
    """Spell predictions as JSON: an object with a list of rows.

    Numbers come out with all their digits.
    """
    rows = predictions.astype(object).to_dict("records")
    return json.dumps({"predictions": rows}, default=_plain).encode()


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def _one_file(body: bytes, manifest: Manifest) -> pd.DataFrame:
    if len(manifest.inputs) != 1 or manifest.inputs[0]["kind"] == "value":
        names = list_names([str(told["name"]) for told in manifest.inputs])
        raise RequestError(f"The model reads {names}; send them as application/json.")
    return pd.DataFrame({manifest.inputs[0]["name"]: [body]})


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise RequestError(f"The request is no JSON: {str(exc)[:200]}") from exc


Table = tuple[list[str], list[list[Any]]]


class _Asked:
    """What a request may ask for: so many rows, and columns that are read."""

    def __init__(self, manifest: Manifest, limits: Limits) -> None:
        self.names = [str(told["name"]) for told in manifest.inputs]
        self._limits = limits

    def check_count(self, n_rows: int) -> None:
        check_row_count(n_rows, self._limits)


def _read_split(said: Any, asked: _Asked) -> Table:
    """Read {"columns": [...], "data": [[...], ...]}."""
    told = said if isinstance(said, dict) else {}
    columns, rows = told.get("columns", ...), told.get("data", ...)
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise RequestError(
            'dataframe_split: expected {"columns": [names], "data": [[values], ...]}.'
        )
    asked.check_count(len(rows))
    kept = [name for name in asked.names if name in columns]
    if any(columns.count(name) > 1 for name in kept):
        raise RequestError("dataframe_split: two columns have the same name.")
    for i, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(columns):
            raise RequestError(
                f"dataframe_split: row {i + 1} is no list of {len(columns)} values, "
                "one for each column."
            )
    places = [columns.index(name) for name in kept]
    return kept, [[row[i] for i in places] for row in rows]


def _read_records(said: Any, asked: _Asked) -> Table:
    """Read [{"column": value, ...}, ...]; of one column, also [value, ...]."""
    if not isinstance(said, list):
        raise RequestError('Expected a list of rows: [{"column": value}, ...].')
    asked.check_count(len(said))
    if len(asked.names) == 1 and said and not isinstance(said[0], dict):
        return asked.names, [[value] for value in said]
    for i, row in enumerate(said):
        if not isinstance(row, dict):
            raise RequestError(f"Row {i + 1} of {len(said)} is no object of columns.")
    kept = [name for name in asked.names if any(name in row for row in said)]
    return kept, [[row.get(name) for name in kept] for row in said]


def _read_columns(said: Any, asked: _Asked) -> Table:
    """Read {"column": [values], ...}; or what `_read_records` reads."""
    if isinstance(said, list):
        return _read_records(said, asked)
    if not isinstance(said, dict):
        raise RequestError('inputs: expected {"column": [values], ...}.')
    kept = [name for name in asked.names if name in said]
    columns = [v if isinstance(v, list) else [v] for v in map(said.get, kept)]
    lengths = {len(values) for values in columns}
    if len(lengths) > 1:
        raise RequestError("inputs: the columns differ in length.")
    asked.check_count(max(lengths, default=0))
    return kept, [list(row) for row in zip(*columns, strict=True)]


_FORMS: dict[str, Callable[[Any, _Asked], Table]] = {
    "dataframe_split": _read_split,
    "dataframe_records": _read_records,
    "instances": _read_records,
    "inputs": _read_columns,
}
