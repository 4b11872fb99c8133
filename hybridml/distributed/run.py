"""One extraction: what it is to do, what it has done, and what it may not mix with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hybridml.distributed.configuration import Configuration
from hybridml.distributed.folder import Folder
from hybridml.distributed.ledger import Ledger
from hybridml.distributed.messages import Contents, Description, Outcome
from hybridml.distributed.parts import DamagedPartError, read_digests
from hybridml.distributed.settings import Settings

_SAME = "Choose the precision and the weights that all machines have."


@dataclass
class Run:
    """What the engines share: they differ in where the workers are.

    Attributes
    ----------
    settings : Settings
    images : list
        With absolute paths.
    ledger : Ledger
    folder : Folder
    found : Configuration or None
        That of the rows that are there already.
    on_progress : callable
        Called with the number of images done since the last call.
    description : Description or None
        Of the first worker; the others have to agree.
    counts : dict of {str: int}
    """

    settings: Settings
    images: list[Any]
    ledger: Ledger
    folder: Folder
    found: Configuration | None
    on_progress: Callable[[int], None]
    description: Description | None = None
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("images_forwarded", "bytes_read", "bytes_written", "workers_lost"), 0
        )
    )

    _started: float = 0.0

    def images_of(self, block: int) -> list[Any]:
        """Images of a block."""
        positions = self.ledger.positions(block)
        return self.images[positions.start : positions.stop]

    def admit(self, description: Description) -> None:
        """Let a worker in, if it computes what the others do, and the rows there.

        Raises
        ------
        InvalidParameterError
            If it does not.
        """
        configuration = description.configuration
        if self.found is not None:
            configuration.check_same(self.found, repr(self.folder.location))
        if self.description is not None:
            first = self.description.configuration
            configuration.check_same(first, "a block by another worker", _SAME)
        if self.description is None:
            self.description, self._started = description, time.perf_counter()

    def note_read(self, block: int, contents: Contents) -> list[int]:
        """Note what was read of a block; return the places of what is to be computed.

        Where there is nothing to compute, the block is finished.
        """
        places = self.ledger.claim(block, contents.digests, contents.failures)
        self.counts["bytes_read"] += contents.n_bytes
        if not places:
            self.ledger.finish(block)
            self.on_progress(len(contents.digests))
        return places

    def note_computed(self, block: int, outcome: Outcome) -> None:
        """Note that a block is finished."""
        self.ledger.finish(block, outcome.failures)
        self.counts["images_forwarded"] += len(outcome.digests)
        self.counts["bytes_written"] += outcome.n_bytes
        self.on_progress(len(self.ledger.positions(block)))

    def note_lost(self, block: int) -> None:
        """Let a block wait again; rows that its worker wrote before it died count."""
        name, written = self.ledger.claimed_part(block), list[bytes]()
        if name is not None and self.folder.exists(name):
            try:
                written = read_digests(self.folder, name)[1]
            except DamagedPartError:
                self.folder.remove(name)
        self.ledger.take_back(block, written)

    def report(self) -> dict[str, Any]:
        """Return what the manifest says of this run."""
        assert self.description is not None  # every engine asks a worker first
        configuration = self.description.configuration
        return {
            "cut_layers": list(self.description.wanted),
            "configuration": configuration.settings,
            "identity": configuration.identity,
            "seconds": round(time.perf_counter() - self._started, 3),
            **self.counts,
        }
