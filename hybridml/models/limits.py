"""How much one request may ask of a served model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from hybridml._checks import Problems


@dataclass(frozen=True)
class Limits:
    """What is refused before any work is done.

    Parameters
    ----------
    max_rows : int, default=256
        Rows of one request.
    max_file_bytes : int, default=20,000,000
        Of one image or sound, as it was encoded.
    max_pixels : int, default=50,000,000
        Of one image: a small file may hold very many, and would fill the memory.
    max_request_bytes : int, default=50,000,000
        Of a whole request; `hybridml serve` heeds it, MLflow's own server does not.

    Raises
    ------
    InvalidParameterError
        If one is no positive whole number.
    """

    max_rows: int = 256
    max_file_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    max_request_bytes: int = 50_000_000

    def __post_init__(self) -> None:
        problems = Problems(type(self).__name__)
        for name in self.names():
            value: Any = getattr(self, name)
            is_count = isinstance(value, int) and not isinstance(value, bool)
            problems.expect(
                is_count and value > 0, name, value, "a positive whole number"
            )
        problems.raise_all()

    @classmethod
    def names(cls) -> list[str]:
        """Names of the limits."""
        return [each.name for each in fields(cls)]
