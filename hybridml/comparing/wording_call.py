"""A call as Python code, so that a report can say how it was made."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

_ELSEWHERE = (
    *("tracker", "on_step", "store", "journal", "n_jobs"),
    *("engine", "address", "cpus_per_worker", "gpus_per_worker"),
)
_PLAIN = (str, int, float, bool, type(None), list, tuple, dict)


def word_call(function: Callable[..., Any], given: Mapping[str, Any]) -> str:
    """Write a call down with what was given of its keyword parameters.

    What is of the machine alone (stores, trackers, threads) and what has no code, such
    as a splitter that shows no parameters, is left out or shown as it prints itself.

    Examples
    --------
    >>> def compare(X, y, *, cv=5, heads=None, n_jobs=None): ...
    >>> print(word_call(compare, {"cv": 3, "heads": None, "n_jobs": 2}))
    compare(X, y, cv=3)
    """
    defaults = inspect.signature(function).parameters
    changed = [
        f"{name}={_word(given[name])}"
        for name, parameter in defaults.items()
        if parameter.kind is parameter.KEYWORD_ONLY
        and name not in _ELSEWHERE
        and not _is_same(given[name], parameter.default)
    ]
    line = f"{function.__name__}({', '.join(['X', 'y', *changed])})"
    if len(line) <= 78:
        return line
    inner = "".join(f"    {part},\n" for part in changed)
    return f"{function.__name__}(\n    X,\n    y,\n{inner})"


def _is_same(value: Any, default: Any) -> bool:
    return isinstance(value, _PLAIN) and value == default


def _word(value: Any) -> str:
    """Show a value; a long one, such as the positions of folds, in short."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:80]} ... {text[-40:]}"
