"""Who computes which image: each content once, and none forgotten."""

from __future__ import annotations

from hybridml.distributed.ledger import Ledger, choose_block_size
from hybridml.distributed.parts import part_name

A, B, C, D = (letter * 20 for letter in (b"a", b"b", b"c", b"d"))


def test_blocks_cover_every_image_once() -> None:
    ledger = Ledger(5, (), block_size=2)
    blocks = [ledger.draw() for _ in range(3)]
    assert [list(ledger.positions(b)) for b in blocks if b is not None] == [
        [0, 1],
        [2, 3],
        [4],
    ]
    assert ledger.draw() is None
    assert not ledger.is_finished


def test_known_and_claimed_contents_are_not_computed() -> None:
    ledger = Ledger(6, [A], block_size=3)
    first, second = ledger.draw(), ledger.draw()
    assert ledger.claim(first, [A, B, B], {}) == [1]
    assert ledger.claim(second, [B, C, A], {}) == [1]
    ledger.finish(first)
    ledger.finish(second)
    assert ledger.is_finished
    assert ledger.digests == [A, B, B, B, C, A]


def test_block_of_a_lost_worker_is_drawn_again_and_computed() -> None:
    ledger = Ledger(4, (), block_size=2)
    lost, other = ledger.draw(), ledger.draw()
    assert ledger.claim(lost, [A, B], {}) == [0, 1]
    assert ledger.claimed_part(lost) == part_name([B, A])
    ledger.take_back(lost)
    assert ledger.claimed_part(lost) is None
    assert ledger.claim(other, [B, C], {}) == [0, 1]
    assert ledger.draw() == lost
    assert ledger.claim(lost, [A, B], {}) == [0]


def test_rows_that_a_lost_worker_wrote_are_not_computed_again() -> None:
    ledger = Ledger(2, (), block_size=2)
    block = ledger.draw()
    ledger.claim(block, [A, B], {})
    ledger.take_back(block, written=[A])
    assert ledger.draw() == block
    assert ledger.claim(block, [A, B], {}) == [1]


def test_failure_holds_for_every_image_of_the_content() -> None:
    ledger = Ledger(4, (), block_size=2)
    first, second = ledger.draw(), ledger.draw()
    ledger.claim(first, [A, None], {1: "gone"})
    ledger.claim(second, [A, D], {})
    ledger.finish(first, {0: "no image"})
    ledger.finish(second)
    assert ledger.failures() == {0: "no image", 1: "gone", 2: "no image"}


def test_file_that_is_there_at_the_second_reading_has_not_failed() -> None:
    ledger = Ledger(1, (), block_size=2)
    block = ledger.draw()
    assert ledger.claim(block, [None], {0: "gone"}) == []
    ledger.take_back(block)
    assert ledger.claim(ledger.draw(), [A], {}) == [0]
    ledger.finish(block)
    assert ledger.failures() == {}


def test_blocks_become_larger_with_the_images() -> None:
    sizes = [choose_block_size(n) for n in (1, 2000, 100_000, 10**8)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
