"""Copies of an estimator and of all that it holds, with some parts replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

Replace = Callable[[Any], Any]

_ATOMS = (str, bytes, bytearray, bool, int, float, complex, type(None), np.generic)
_ORDINARY_STATES = (object.__getstate__, BaseEstimator.__getstate__)


def unchanged(value: Any) -> Any:
    """Replace nothing."""
    return value


def rebuild(
    value: Any, *, before: Replace = unchanged, after: Replace = unchanged
) -> Any:
    """Copy what holds other things, and leave the rest as it is.

    Parameters
    ----------
    value : Any
        An estimator, or whatever one holds. It is not changed.
    before : callable
        Is given each thing before its parts are copied, and returns what is copied in
        its place.
    after : callable
        Is given each copy, whose parts are done, and returns what takes its place.

    Returns
    -------
    copy : Any
        Things that were one and the same still are.

    Examples
    --------
    >>> rebuild({"a": [1, 2.5]}, after=lambda v: 0 if isinstance(v, int) else v)
    {'a': [0, 2.5]}
    """
    return _Rebuilder(before, after).rebuild(value)


def iterate_parts(value: Any) -> Iterator[Any]:
    """Give each thing inside an estimator once, itself first."""
    found: list[Any] = []

    def note(part: Any) -> Any:
        found.append(part)
        return part

    rebuild(value, before=note)
    yield from found


class _Rebuilder:
    def __init__(self, before: Replace, after: Replace) -> None:
        self._before = before
        self._after = after
        self._done: dict[int, Any] = {}
        self._kept_alive: list[Any] = []  # an id may be given again to something new

    def rebuild(self, value: Any) -> Any:
        if isinstance(value, _ATOMS):
            return self._after(self._before(value))
        if id(value) not in self._done:
            self._kept_alive.append(value)
            self._done[id(value)] = self._after(self._copy(self._before(value), value))
        return self._done[id(value)]

    def _copy(self, value: Any, origin: Any) -> Any:
        if isinstance(value, dict):
            pairs = [(self.rebuild(k), self.rebuild(v)) for k, v in value.items()]
            like = copy(value)  # of its own kind: scikit-learn's Bunch, a defaultdict
            like.clear()
            like.update(pairs)
            return like
        if type(value) in (list, set, frozenset):
            return type(value)(self.rebuild(part) for part in value)
        if isinstance(value, tuple):
            parts = [self.rebuild(part) for part in value]
            is_named = hasattr(value, "_fields")
            return type(value)(*parts) if is_named else tuple(parts)
        if isinstance(value, np.ndarray) and value.dtype == object:
            copied = np.empty_like(value)
            for place, part in np.ndenumerate(value):
                copied[place] = self.rebuild(part)
            return copied
        if _is_made_of_attributes(value):
            copied = object.__new__(type(value))
            self._done[id(origin)] = copied  # it may lead back to itself
            for name, part in vars(value).items():
                copied.__dict__[name] = self.rebuild(part)
            return copied
        return value


def _is_made_of_attributes(value: Any) -> bool:
    """Whether an object is nothing but its attributes, so that they can be copied."""
    kind: Any = type(value)
    return (
        hasattr(value, "__dict__")
        and not isinstance(value, type)
        and kind.__module__ != "builtins"
        and kind.__reduce_ex__ is object.__reduce_ex__
        and kind.__reduce__ is object.__reduce__
        and getattr(kind, "__getstate__", None) in _ORDINARY_STATES
    )
