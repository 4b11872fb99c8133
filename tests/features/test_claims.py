from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from hybridml.features.claims import N_SHARDS, Claim, claim_batches

POSITION_OF = {bytes([i % 7, i]): i for i in range(200)}


def claims_of(
    folder: Path | None, *, batch_size: int = 16, known: frozenset[bytes] = frozenset()
) -> Iterator[Claim | None]:
    return claim_batches(
        POSITION_OF,
        folder=folder,
        still_absent=lambda keys: [key for key in keys if key not in known],
        batch_size=batch_size,
    )


@pytest.mark.parametrize("batch_size", [1, 16, 1000])
@pytest.mark.parametrize("locked", [False, True])
def test_every_image_is_claimed_once(
    tmp_path: Path, batch_size: int, locked: bool
) -> None:
    seen = []
    for claim in claims_of(tmp_path if locked else None, batch_size=batch_size):
        assert claim is not None
        assert 1 <= len(claim.keys) <= batch_size
        assert [POSITION_OF[key] for key in claim.keys] == claim.positions.tolist()
        seen += claim.positions.tolist()
        claim.release()
    assert sorted(seen) == list(range(200))


def test_what_others_have_computed_is_left_out(tmp_path: Path) -> None:
    known = frozenset(list(POSITION_OF)[:150])
    claims = list(claims_of(tmp_path, known=known))
    found = {key for claim in claims if claim for key in claim.keys}
    assert found == set(POSITION_OF) - known
    assert all(len(claim.keys) for claim in claims if claim)


def test_locks_are_held_until_the_last_image_of_the_shard_is_released(
    tmp_path: Path,
) -> None:
    def try_lock(shard: int) -> bool:
        lock = FileLock(tmp_path / f"{shard:02}.lock")
        try:
            lock.acquire(timeout=0)
        except TimeoutError:
            return True
        lock.release()
        return False

    def is_locked(shard: int) -> bool:
        with ThreadPoolExecutor(1) as elsewhere:
            return elsewhere.submit(try_lock, shard).result()

    taken: list[Claim] = []
    for claim in claims_of(tmp_path, batch_size=2):
        assert claim is not None
        taken.append(claim)
    assert all(is_locked(shard) for shard in range(N_SHARDS))
    for claim in taken:
        claim.release()
    assert not any(is_locked(shard) for shard in range(N_SHARDS))


def test_a_shard_of_another_is_waited_for_last_and_after_a_warning(
    tmp_path: Path,
) -> None:
    other = FileLock(tmp_path / "05.lock", thread_local=False)
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(other.acquire).result()
    seen: list[int] = []
    n_waits = 0
    for claim in claims_of(tmp_path):
        if claim is None:
            n_waits += 1
            assert not any(position % N_SHARDS == 5 for position in seen)
            threading.Timer(0.05, other.release, [True]).start()
        else:
            seen += claim.positions.tolist()
            claim.release()
    assert n_waits == 1
    assert sorted(seen) == list(range(200))
    assert all(position % N_SHARDS == 5 for position in seen[-2:])


def test_two_claim_disjoint_images(tmp_path: Path) -> None:
    known: set[bytes] = set()
    seen: dict[str, list[bytes]] = {"first": [], "second": []}

    def work(name: str) -> None:
        claims = claim_batches(
            POSITION_OF,
            folder=tmp_path,
            still_absent=lambda keys: [key for key in keys if key not in known],
            batch_size=8,
        )
        for claim in claims:
            if claim is not None:
                seen[name] += claim.keys
                known.update(claim.keys)
                claim.release()

    threads = [threading.Thread(target=work, args=[name]) for name in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen["first"] + seen["second"]) == sorted(POSITION_OF)


def test_locks_go_when_the_caller_stops_early(tmp_path: Path) -> None:
    claims = claims_of(tmp_path, batch_size=3)
    claim = next(claims)
    assert claim is not None
    claim.release()
    claims.close()
    assert sum(len(c.keys) for c in claims_of(tmp_path) if c) == 200
