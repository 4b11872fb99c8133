"""Who computes which image: each content once, and none forgotten."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from hybridml.distributed.parts import part_name

_LEAST, _MOST, _N_BLOCKS = 64, 512, 256


def choose_block_size(n_images: int) -> int:
    """Choose how many images a block has: as few as keeps the number of files low.

    Examples
    --------
    >>> [choose_block_size(n) for n in (10, 50_000, 10_000_000)]
    [64, 195, 512]
    """
    return min(max(n_images // _N_BLOCKS, _LEAST), _MOST)


class Ledger:
    """Divides images into blocks, and knows what became of each.

    Parameters
    ----------
    n_images : int
    known : iterable of bytes
        Digests of the images that have rows already.
    block_size : int

    Attributes
    ----------
    digests : list of bytes or None
        Of each image; None as long as it was not read.
    n_blocks : int
    """

    def __init__(self, n_images: int, known: Iterable[bytes], block_size: int) -> None:
        self.digests: list[bytes | None] = [None] * n_images
        self._block_size = block_size
        self.n_blocks = -(-n_images // block_size)
        self._waiting = deque(range(self.n_blocks))
        self._unread: dict[int, str] = {}
        self._bad: dict[bytes, str] = {}
        self._settled = set(known)  # has a row, or cannot be decoded
        self._claims: dict[int, list[bytes]] = {}
        self._claimed: set[bytes] = set()
        self._out: set[int] = set()

    @property
    def is_finished(self) -> bool:
        """Whether no block is waiting or under way."""
        return not self._waiting and not self._out

    def draw(self) -> int | None:
        """Take the next block that is waiting; None where there is none."""
        if not self._waiting:
            return None
        block = self._waiting.popleft()
        self._out.add(block)
        return block

    def positions(self, block: int) -> range:
        """Positions of a block's images."""
        start = block * self._block_size
        return range(start, min(start + self._block_size, len(self.digests)))

    def claim(
        self, block: int, digests: Sequence[bytes | None], failures: dict[int, str]
    ) -> list[int]:
        """Note what was read of a block, and say which of its images to compute.

        Parameters
        ----------
        digests : sequence of bytes or None
        failures : dict of {int: str}
            By place in the block, why an image cannot be read.

        Returns
        -------
        places : list of int
            Those whose content has no row, and is computed in no other block.
        """
        positions, places, claimed = self.positions(block), [], []
        for place, (position, digest) in enumerate(
            zip(positions, digests, strict=True)
        ):
            self.digests[position] = digest
            self._unread.pop(position, None)
            if digest is None:
                self._unread[position] = failures[place]
            elif digest not in self._settled and digest not in self._claimed:
                self._claimed.add(digest)
                places.append(place)
                claimed.append(digest)
        if claimed:
            self._claims[block] = claimed
        return places

    def finish(self, block: int, failures: dict[int, str] | None = None) -> None:
        """Note that a block's images have rows, but for those that failed."""
        start = self.positions(block).start
        for place, reason in (failures or {}).items():
            digest = self.digests[start + place]
            if digest is not None:
                self._bad[digest] = reason
        self._settle(block)
        self._out.discard(block)

    def claimed_part(self, block: int) -> str | None:
        """Name the file that a block's rows go to; None where there are none yet."""
        claimed = self._claims.get(block)
        return part_name(claimed) if claimed else None

    def take_back(self, block: int, written: Iterable[bytes] = ()) -> None:
        """Let a block wait again, whose worker is gone.

        Parameters
        ----------
        written : iterable of bytes
            Digests of those of its images whose rows were written before.
        """
        self._settled.update(written)
        self._claimed.difference_update(self._claims.pop(block, ()))
        self._out.discard(block)
        self._waiting.appendleft(block)

    def failures(self) -> dict[int, str]:
        """Positions of the images that have no features, with the reasons."""
        bad = {
            i: self._bad[digest]
            for i, digest in enumerate(self.digests)
            if digest is not None and digest in self._bad
        }
        return dict(sorted((self._unread | bad).items()))

    def _settle(self, block: int) -> None:
        claimed = self._claims.pop(block, [])
        self._settled.update(claimed)
        self._claimed.difference_update(claimed)
