"""How a request spells a table, and how the answer spells predictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeGuard, TypeVar

import pandas as pd

from hybridml._checks import list_names
from hybridml.models.manifest import Manifest
from hybridml.serving.rows import RequestError

T = TypeVar("T")

_RAW = ("image/", "audio/", "application/octet-stream")


def read_table(body: bytes, content_type: str, manifest: Manifest) -> pd.DataFrame:
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

    Returns
    -------
    table : DataFrame
        All columns have dtype object.

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
    columns, rows = _FORMS[found[0]](said[found[0]], manifest)
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


def _read_split(said: Any, manifest: Manifest) -> Table:
    """Read {"columns": [...], "data": [[...], ...]}."""
    told = said if isinstance(said, dict) else {}
    columns, rows = told.get("columns", ...), told.get("data", ...)
    if not _is_list_of(columns, str) or not _is_list_of(rows, list):
        raise RequestError(
            'dataframe_split: expected {"columns": [names], "data": [[values], ...]}.'
        )
    if len(set(columns)) < len(columns):
        raise RequestError("dataframe_split: two columns have the same name.")
    for i, row in enumerate(rows):
        if len(row) != len(columns):
            raise RequestError(
                f"dataframe_split: row {i + 1} has {len(row)} values for "
                f"{len(columns)} columns."
            )
    return columns, rows


def _read_records(said: Any, manifest: Manifest) -> Table:
    """Read [{"column": value, ...}, ...]; of one column, also [value, ...]."""
    if not isinstance(said, list):
        raise RequestError('Expected a list of rows: [{"column": value}, ...].')
    if len(manifest.inputs) == 1 and said and not isinstance(said[0], dict):
        return [str(manifest.inputs[0]["name"])], [[value] for value in said]
    for i, row in enumerate(said):
        if not isinstance(row, dict):
            raise RequestError(f"Row {i + 1} of {len(said)} is no object of columns.")
    columns = list(dict.fromkeys(name for row in said for name in row))
    wanted = {str(told["name"]) for told in manifest.inputs}
    kept = [name for name in columns if name in wanted]
    return kept, [[row.get(name) for name in kept] for row in said]


def _read_columns(said: Any, manifest: Manifest) -> Table:
    """Read {"column": [values], ...}; or what `_read_records` reads."""
    if isinstance(said, list):
        return _read_records(said, manifest)
    if not isinstance(said, dict):
        raise RequestError('inputs: expected {"column": [values], ...}.')
    columns = {k: v if isinstance(v, list) else [v] for k, v in said.items()}
    if len({len(values) for values in columns.values()}) > 1:
        raise RequestError("inputs: the columns differ in length.")
    return list(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def _is_list_of(value: Any, kind: type[T]) -> TypeGuard[list[T]]:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


_FORMS: dict[str, Callable[[Any, Manifest], Table]] = {
    "dataframe_split": _read_split,
    "dataframe_records": _read_records,
    "instances": _read_records,
    "inputs": _read_columns,
}
