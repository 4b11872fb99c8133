"""Dates: recognising them, and the numbers that are made of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_ISO = "ISO8601"
_LOOKS_ISO = re.compile(r"\s*\d{4}-\d\d-\d\d")
_HAS_NUMBERS = re.compile(r"\d.*[-/. ].*\d")
# In case of doubt the month comes first, as pandas has it, but for dots.
_DAYS = (
    "%Y/%m/%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%a, %d %b %Y",
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
_FORMATS = tuple(day + time for day, time in product(_DAYS, _TIMES))
_DAY_US = 24 * 60 * 60 * 1_000_000
_PARTS = {  # and what pandas calls them
    "year": "year",
    "month": "month",
    "day": "day",
    "weekday": "day_of_week",
    "hour": "hour",
    "minute": "minute",
}


@dataclass(frozen=True)
class Dates:
    """A column of dates.

    Attributes
    ----------
    format : str or None
        What the strings are parsed by; None where they were no strings.
    zone : tzinfo or None
        Time zone that dates with any are brought to.
    parts : tuple of str
        Those of year, month ... that vary.
    """

    format: str | None
    zone: Any
    parts: tuple[str, ...] = tuple(_PARTS)
    kind: str = "date"
    marked: str | None = ".total_days"

    def read(self, column: pd.Series[Any]) -> dict[str, npt.NDArray[Any]]:
        """Give the parts and the days since 1970, NaN where they are missing."""
        times = self._times(column)
        read = {
            f".{part}": getattr(times.dt, _PARTS[part]).to_numpy(dtype=np.float64)
            for part in self.parts
        }
        # In whole microseconds, dates of any year have room.
        ticks = times.to_numpy(dtype="datetime64[us]")
        days = np.where(np.isnat(ticks), np.nan, ticks.astype(np.int64) / _DAY_US)
        return read | {".total_days": days}

    def _times(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Dates without a zone, on the clock of this one."""
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            here = column.dt.tz_convert(self.zone or "UTC")
            return pd.Series(here.dt.tz_localize(None))
        if pd.api.types.is_datetime64_dtype(column.dtype):
            return column
        is_string = pd.api.types.infer_dtype(column, skipna=True) == "string"
        form = (self.format or _ISO) if is_string else None
        return _parse(column, form)


def choose_dates(column: pd.Series[Any]) -> Dates | None:
    """Tell how a column of `fit` is read as dates; None if it holds something else.

    Parameters
    ----------
    column : Series
        Of datetime64, of date objects or of strings.

    Examples
    --------
    >>> choose_dates(pd.Series(["24.12.2023", "31.12.2023"])).parts
    ('day',)
    >>> choose_dates(pd.Series(["24.12.2023", "yesterday"]))
    """
    is_string = pd.api.types.infer_dtype(column, skipna=True) == "string"
    form = _find_format(column.dropna()) if is_string else None
    if is_string and form is None:
        return None
    every = Dates(form, getattr(column.dtype, "tz", None))
    read = every.read(column)
    varying = tuple(part for part in _PARTS if np.nanstd(read[f".{part}"]) > 0)
    return Dates(form, every.zone, varying)


def _find_format(strings: pd.Series[Any]) -> str | None:
    """Find the format in which all the strings are dates."""
    first = str(strings.iloc[0])
    if _LOOKS_ISO.match(first):
        formats: tuple[str, ...] = (_ISO,)
    elif _HAS_NUMBERS.search(first):
        formats = _FORMATS
    else:
        return None
    some = strings.iloc[:20]
    for form in formats:
        if _parse(some, form).notna().all() and _parse(strings, form).notna().all():
            return form
    return None


def _parse(column: pd.Series[Any], form: str | None) -> pd.Series[Any]:
    """Read strings in a format, or date objects; what is none is missing."""
    times = pd.to_datetime(column, format=form, errors="coerce", utc=True)
    return times.dt.tz_localize(None)
