"""What a worker answers: small, since it may come from another machine."""

from __future__ import annotations

from dataclasses import dataclass

from hybridml.distributed.configuration import Configuration


@dataclass(frozen=True)
class Description:
    """What a worker's network really is: which stages are wanted, and how they run."""

    configuration: Configuration
    wanted: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """What was found of a block's images.

    Attributes
    ----------
    digests : list of bytes or None
        None for those that cannot be read.
    failures : dict of {int: str}
        Places of those in the block, with the reasons.
    n_bytes : int
        That were read, of files and URLs.
    """

    digests: list[bytes | None]
    failures: dict[int, str]
    n_bytes: int


@dataclass(frozen=True)
class Outcome:
    """What became of the images of a block that were to be computed.

    Attributes
    ----------
    digests : list of bytes
        Of the rows that were written.
    failures : dict of {int: str}
        Places of the images that cannot be decoded, with the reasons.
    n_bytes : int
        That were written.
    """

    digests: list[bytes]
    failures: dict[int, str]
    n_bytes: int
