"""The rows of a request: checked, and brought into what the estimator takes."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import io
import sys
from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from hybridml._checks import list_names
from hybridml.exceptions import DataError, ImageDecodeError
from hybridml.images.decode import read_header
from hybridml.images.failures import find_bad_images
from hybridml.models.limits import Limits

_N_NAMED = 5
_FORMATS = {"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"}
_SENT = "JPEG, PNG, WebP, GIF, BMP, TIFF or PPM"


class RequestError(DataError):
    """A request that cannot be answered as it is; the message names the rows."""


def check_rows(
    table: pd.DataFrame, inputs: Sequence[Mapping[str, Any]], limits: Limits
) -> pd.DataFrame:
    """Take from a request's table what a model reads, and decode base64.

    No text is ever taken for a path or a URL.

    Parameters
    ----------
    table : DataFrame
        Images and sounds as the bytes of files, or as base64 text; of other columns
        text, numbers, true, false or nothing.
    inputs : sequence of mapping
        Name and kind of each column; see `hybridml.models.manifest.Manifest`.
    limits : Limits

    Returns
    -------
    rows : DataFrame
        With the columns of `inputs`, images and sounds as bytes or None.

    Raises
    ------
    RequestError
        If columns are missing, there are too many rows or none, or something in a row
        is not what it should be. Five rows are named, the rest is counted.
    """
    check_row_count(len(table), limits)
    names = [told["name"] for told in inputs]
    known = {str(name): name for name in table.columns}
    missing = [str(name) for name in names if str(name) not in known]
    if missing:
        raise RequestError(
            f"The request lacks the columns {list_names(missing)}; it has "
            f"{list_names(list(known)[:20]) or 'none'}."
        )
    problems: dict[int, str] = {}
    rows = pd.DataFrame(index=pd.RangeIndex(len(table)))
    for told in inputs:
        column = table[known[str(told["name"])]]
        if isinstance(column, pd.DataFrame):
            raise RequestError(f"The request has two columns {told['name']!r}.")
        values = [
            _take(value, told, limits, row, problems)
            for row, value in enumerate(column.tolist())
        ]
        is_value = told["kind"] == "value"
        rows[told["name"]] = pd.Series(values, dtype=None if is_value else object)
    raise_problems(problems, len(table))
    return rows


def check_row_count(n_rows: int, limits: Limits) -> None:
    """Refuse a request without rows, or with too many.

    Raises
    ------
    RequestError
    """
    if not n_rows:
        raise RequestError("The request has no rows.")
    if n_rows > limits.max_rows:
        raise RequestError(
            f"The request has {n_rows:,} rows; at most {limits.max_rows:,} are taken "
            "at a time."
        )


def check_images(images: Sequence[bytes | None], column: str) -> None:
    """Decode all the images of a column that are there, and refuse those that fail.

    For estimators to which an image that cannot be read is one that is missing.

    Raises
    ------
    RequestError
    """
    present = [i for i, image in enumerate(images) if image is not None]
    failures = find_bad_images([images[i] for i in present])
    raise_problems(
        {present[i]: f"column {column!r}: {why}" for i, why in failures.items()},
        len(images),
    )


def raise_problems(problems: Mapping[int, str], n_rows: int) -> None:
    """Raise one error for all rows with a problem; do nothing if none has one.

    Raises
    ------
    RequestError
    """
    if not problems:
        return
    named = sorted(problems)[:_N_NAMED]
    lines = [f"Row {row + 1} of {n_rows}: {problems[row]}." for row in named]
    more = len(problems) - len(named)
    raise RequestError(" ".join(lines) + (f" And {more} more." if more else ""))


def _take(
    value: Any,
    told: Mapping[str, Any],
    limits: Limits,
    row: int,
    problems: dict[int, str],
) -> Any:
    """Return a value in the form that the estimator takes, or note what is wrong."""
    is_value = told["kind"] == "value"
    try:
        return _plain_value(value) if is_value else _content(value, told, limits)
    except RequestError as exc:
        problems.setdefault(row, f"column {told['name']!r}: {exc}")
        return None


def _plain_value(value: Any) -> Any:
    if _is_missing(value):
        return None
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise RequestError("the number is too large")
    if isinstance(value, str | Number | np.generic | dt.date | pd.Timedelta):
        return value
    raise RequestError("expected text, a number, true, false or nothing")


def _is_missing(value: Any) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _content(value: Any, told: Mapping[str, Any], limits: Limits) -> bytes | None:
    if _is_missing(value):
        return None
    if isinstance(value, str):
        value = _decode_base64(value, limits)
    if not isinstance(value, bytes | bytearray):
        raise RequestError(f"expected {told['kind']} bytes as base64 text")
    _check_length(len(value), limits)
    if told["kind"] == "image":
        _check_size(bytes(value), limits)
    return bytes(value)


def _decode_base64(text: str, limits: Limits) -> bytes:
    _check_length(len(text) * 3 // 4, limits)
    packed = "".join(text.split())
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise RequestError(
            "expected base64 text of a file's bytes; paths and URLs are not opened"
        ) from exc


def _check_length(n_bytes: int, limits: Limits) -> None:
    if n_bytes > limits.max_file_bytes:
        raise RequestError(
            f"it has {n_bytes:,} bytes; at most {limits.max_file_bytes:,} are taken"
        )


def _check_size(content: bytes, limits: Limits) -> None:
    try:
        found, (width, height) = read_header(io.BytesIO(content))
    except ImageDecodeError as exc:
        raise RequestError(str(exc)) from exc
    if found not in _FORMATS:  # others may be larger than their header says
        raise RequestError(f"its format {found} is not taken; send {_SENT}")
    if width * height > limits.max_pixels:
        raise RequestError(
            f"it has {width:,} x {height:,} pixels; at most {limits.max_pixels:,} are "
            "taken"
        )
