"""Dicts whose keys are no text, or whose values are many numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridml.models.stand_ins.stand_in import StandIn


@dataclass
class Pairs(StandIn):
    """A dict as its keys and its values.

    Attributes
    ----------
    keys : list or str
        JSON where all are text: a vocabulary has many.
    values : list or ndarray
        An array where all are numbers of one of numpy's types.
    """

    keys: Any
    values: Any

    @classmethod
    def of(cls, pairs: dict[Any, Any]) -> Pairs:
        """Take a dict apart."""
        keys, values = list(pairs), list(pairs.values())
        are_text = all(type(key) is str for key in keys)
        return cls(
            json.dumps(keys) if are_text else keys,
            np.array(values) if _are_numbers(values) else values,
        )

    @staticmethod
    def suits(value: Any) -> bool:
        """Whether something is a dict that had better be taken apart."""
        if type(value) is not dict or not value:
            return False
        has_text_keys = all(type(key) is str for key in value)
        return not has_text_keys or _are_numbers(list(value.values()))

    def restore(self, files: Mapping[str, bytes]) -> dict[Any, Any]:
        """Put keys and values together."""
        keys = json.loads(self.keys) if isinstance(self.keys, str) else self.keys
        return dict(zip(keys, self.values, strict=True))


def _are_numbers(values: list[Any]) -> bool:
    kinds = {type(value) for value in values}
    return len(kinds) == 1 and issubclass(kinds.pop(), np.number)
