from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from hybridml.backbones.network import Network, load_network
from hybridml.features.claims import Claim
from hybridml.features.computing import Computed, Computer
from hybridml.testing import make_photos, register_tiny_backbone

PHOTOS = make_photos(50)[0]


@pytest.fixture
def network() -> Network:
    return load_network(register_tiny_backbone())


def computer(network: Network, n_workers: int = 3) -> Computer:
    return Computer(network, network.stages, "mean", n_workers)


def claims(size: int) -> list[Claim]:
    every = np.arange(len(PHOTOS))
    return [Claim(every[i : i + size]) for i in range(0, len(every), size)]


def rows_of(computed: list[Computed]) -> np.ndarray:
    return np.concatenate([done.rows for done in computed])


def test_rows_come_in_the_order_of_the_claims(network: Network) -> None:
    expected = rows_of(list(computer(network, 1).compute(PHOTOS, claims(50))))
    for size in (1, 7, 16):
        computed = list(computer(network).compute(PHOTOS, claims(size)))
        places = np.concatenate([done.claim.positions for done in computed])
        assert places.tolist() == list(range(50))
        np.testing.assert_array_equal(rows_of(computed), expected)


def test_bad_images_have_no_row(network: Network) -> None:
    images = np.empty(4, dtype=object)
    images[:] = [PHOTOS[0], b"no image", None, PHOTOS[1]]
    (done,) = computer(network).compute(images, [Claim(np.arange(4))])
    assert done.good.tolist() == [0, 3]
    assert sorted(done.failures) == [1, 2]
    assert done.failures[2] == "the image is missing"
    (alone,) = computer(network).compute(PHOTOS, [Claim(np.arange(2))])
    np.testing.assert_array_equal(done.rows, alone.rows)


def test_what_is_under_way_is_finished_before_a_wait(network: Network) -> None:
    finished: list[int] = []

    def drawn() -> Iterator[Claim | None]:
        for claim in claims(2):
            yield claim
            if claim.positions[0] == 20:
                yield None
                assert finished[-1] == 20  # asked for more only when that is done

    for done in computer(network).compute(PHOTOS, drawn()):
        finished.append(int(done.claim.positions[0]))
    assert finished == list(range(0, 50, 2))


def test_claims_are_drawn_ahead_but_not_without_end(network: Network) -> None:
    n_drawn = 0

    def drawn() -> Iterator[Claim]:
        nonlocal n_drawn
        for claim in claims(1) * 40:
            n_drawn += 1
            yield claim

    computed = computer(network, 2).compute(PHOTOS, drawn())
    next(computed)
    assert 2 <= n_drawn <= 64
    computed.close()


def test_nothing_is_lost_when_memory_runs_out(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = rows_of(list(computer(network).compute(PHOTOS, claims(16))))
    refused = [0]
    running = threading.Semaphore(1)
    run = network.chunk_features

    def scarce(*args: object) -> np.ndarray:
        if not running.acquire(blocking=False):
            refused[0] += 1
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        try:
            threading.Event().wait(0.01)
            return run(*args)
        finally:
            running.release()

    monkeypatch.setattr(network, "chunk_features", scarce)
    crowded = computer(network, 4)
    computed = list(crowded.compute(PHOTOS, claims(16)))
    np.testing.assert_array_equal(rows_of(computed), expected)
    assert refused[0] >= 1
    assert crowded._slots.n_slots == 1


def test_memory_that_one_worker_lacks_alone_is_an_error(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise torch.OutOfMemoryError("no memory at all")

    monkeypatch.setattr(network, "chunk_features", refuse)
    with pytest.raises(torch.OutOfMemoryError, match="no memory at all"):
        list(computer(network).compute(PHOTOS, claims(16)))


def test_other_errors_are_not_tried_again(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_calls = [0]

    def fail(*_: object) -> None:
        n_calls[0] += 1
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(network, "chunk_features", fail)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(computer(network, 1).compute(PHOTOS[:8], [Claim(np.arange(8))]))
    assert n_calls == [1]


class _OnDevice:
    """A network that says it runs elsewhere, in chunks of eight rows."""

    def __init__(self, network: Network, fits: int) -> None:
        self.device, self.preprocessing = torch.device("meta"), network.preprocessing
        self.n_rows, self._fits, self._network = 8, fits, network
        self.sizes: list[int] = []

    def chunk_features(self, pixels: np.ndarray, *args: object) -> np.ndarray:
        if self.n_rows > self._fits:
            raise torch.OutOfMemoryError("the device is full")
        self.sizes.append(len(pixels))
        return self._network.chunk_features(pixels, *args)  # type: ignore[arg-type]

    def halve_rows(self) -> bool:
        self.n_rows //= 2
        return self.n_rows > 0


def test_chunks_on_a_device_are_halved_until_they_fit(network: Network) -> None:
    expected = rows_of(list(computer(network).compute(PHOTOS, claims(25))))
    device = _OnDevice(network, fits=2)
    elsewhere = Computer(device, network.stages, "mean", 2)  # type: ignore[arg-type]
    computed = list(elsewhere.compute(PHOTOS, claims(25)))
    np.testing.assert_allclose(rows_of(computed), expected, rtol=1e-2, atol=1e-3)
    assert set(device.sizes) == {1, 2}
    assert sum(device.sizes) == 50
