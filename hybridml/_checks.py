"""One grammar for argument errors: what was got, what was expected, how to cure it."""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Collection, Iterable
from typing import Any

from hybridml.exceptions import InvalidParameterError, UnknownNameError


def describe(name: str, value: object, expected: str, cure: str = "") -> str:
    """Word one argument error as ``Got name=value; expected ... . cure``.

    Examples
    --------
    >>> describe("batch_size", 0, "'auto' or a positive integer")
    "Got batch_size=0; expected 'auto' or a positive integer."
    """
    message = f"Got {name}={value!r}; expected {expected}."
    return f"{message} {cure}" if cure else message


def did_you_mean(value: object, known: Iterable[str]) -> str:
    """Suggest the nearest known name, or nothing when none is near.

    Examples
    --------
    >>> did_you_mean("resnet5O", ["resnet18", "resnet50", "vgg16"])
    "Did you mean 'resnet50'?"
    """
    near = difflib.get_close_matches(str(value), list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else ""


def check_name(
    name: str,
    value: object,
    known: Collection[str],
    *,
    expected: str,
    see: str = "",
    error: type[UnknownNameError] = UnknownNameError,
) -> None:
    """Raise `error` with a suggestion unless `value` is one of the `known` names."""
    if isinstance(value, str) and value in known:
        return
    hints = [did_you_mean(value, known), f"See {see}." if see else ""]
    raise error(describe(name, value, expected, " ".join(h for h in hints if h)))


def list_names(names: Iterable[str]) -> str:
    """Join names for a message: ``'a', 'b' or 'c'``.

    Examples
    --------
    >>> list_names(["a", "b", "c"])
    "'a', 'b' or 'c'"
    """
    quoted = [repr(name) for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


class Problems:
    """Collects every problem with an estimator's parameters, then raises them at once.

    Examples
    --------
    >>> problems = Problems("DeepFeatureExtractor")
    >>> problems.expect(0 > 1, "n_jobs", 0, "a positive integer")
    >>> problems.raise_all()
    Traceback (most recent call last):
    ...
    hybridml.exceptions.InvalidParameterError: DeepFeatureExtractor: Got n_jobs=0; ...
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._found: list[str] = []

    def expect(
        self, holds: bool, name: str, value: Any, expected: str, cure: str = ""
    ) -> None:
        """Note a problem with parameter `name` unless `holds`."""
        if not holds:
            self._found.append(describe(name, value, expected, cure))

    def raise_all(self) -> None:
        """Raise one `InvalidParameterError` with all the problems noted, if any."""
        if self._found:
            raise InvalidParameterError(f"{self._owner}: {' '.join(self._found)}")


def is_count(value: object, *, minimum: int = 1) -> bool:
    """Whether `value` is a whole number of at least `minimum` (and no bool)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        return False
    return int(value) >= minimum


def is_number(value: object, *, low: float = 0.0, high: float = float("inf")) -> bool:
    """Whether `value` is a real number with ``low <= value <= high`` (and no bool)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    return low <= float(value) <= high


def is_span(value: object, *, low: float, high: float) -> bool:
    """Whether `value` is two numbers with ``low <= first <= second <= high``."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return False
    are_within = all(is_number(end, low=low, high=high) for end in value)
    return are_within and bool(value[0] <= value[1])
