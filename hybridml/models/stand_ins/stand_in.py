"""What all stand-ins have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class StandIn(ABC):
    """Plain data from which something can be made again."""

    @abstractmethod
    def restore(self, files: Mapping[str, bytes]) -> Any:
        """Make the thing again.

        Parameters
        ----------
        files : mapping of {str: bytes}
            The model's other files, by name.
        """
