"""What the rows of a dataset were computed with, and whether two agree in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hybridml.exceptions import InvalidParameterError
from hybridml.features.request import key_of

_ANOTHER_OUTPUT = "Choose another output for another configuration."


@dataclass(frozen=True)
class Configuration:
    """Everything but the image that changes a number.

    Attributes
    ----------
    identity : str
        As `Request.identity` words it.
    """

    identity: str

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Backbone, weights, preprocessing, precision, pooling and fields."""
        settings: dict[str, Any] = json.loads(self.identity)
        return settings

    @cached_property
    def key(self) -> bytes:
        """What the keys of its rows begin with in a feature store."""
        return key_of(self.identity)

    @cached_property
    def widths(self) -> dict[str, int]:
        """Number of columns of each stage that a row holds."""
        return {field[0]: int(field[-1]) for field in self.settings["fields"]}

    def check_same(
        self, found: Configuration, where: str, cure: str = _ANOTHER_OUTPUT
    ) -> None:
        """Refuse rows of another configuration, and name what differs.

        Parameters
        ----------
        found : Configuration
        where : str
            What was computed with it.
        cure : str
            What to do about it.

        Raises
        ------
        InvalidParameterError
        """
        if found.identity == self.identity:
            return
        theirs = found.settings
        differences = [
            f"{name}={_short(value)} (there {_short(theirs.get(name))})"
            for name, value in self.settings.items()
            if value != theirs.get(name)
        ]
        raise InvalidParameterError(
            f"Got {', '.join(differences)}; expected what {where} was computed with. "
            f"{cure}"
        )


def _short(value: object) -> str:
    if isinstance(value, list):  # of fields
        return repr([field[0] for field in value])
    if isinstance(value, dict):
        return f"{value['crop']} px, {json.dumps(value, sort_keys=True)}"
    return repr(value)
