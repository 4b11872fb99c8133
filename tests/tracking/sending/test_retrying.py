"""A store that comes back is sent to; one that stays away, or never was, is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from hybridml.tracking.sending.retrying import send_patiently


@dataclass
class Store:
    was_reached: bool
    timeout_s: float


@dataclass
class Failing:
    """Fails so many times, then sends."""

    n_failures: int
    store: Store = field(default_factory=lambda: Store(True, 1.0))
    n_calls: int = 0

    def send_new(self) -> None:
        self.n_calls += 1
        if self.n_calls <= self.n_failures:
            raise ConnectionError(f"gone {self.n_calls}")


def test_a_store_that_is_there_is_sent_to_at_once() -> None:
    began = time.monotonic()
    assert send_patiently(Failing(0)) is None
    assert time.monotonic() - began < 0.1


def test_a_store_that_comes_back_has_not_failed() -> None:
    assert send_patiently(Failing(2)) is None


def test_a_store_that_stays_away_is_given_up_in_time() -> None:
    delivery, began = Failing(1000), time.monotonic()
    assert send_patiently(delivery) == "gone 3"
    assert time.monotonic() - began < 1.0


def test_a_store_that_never_was_is_not_waited_for() -> None:
    delivery = Failing(1000, Store(False, 60.0))
    assert send_patiently(delivery) == "gone 1"
