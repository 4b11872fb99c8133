"""How long a store that fails is tried again."""

from __future__ import annotations

import time

from hybridml.tracking.sending.delivery import Delivery
from hybridml.tracking.sending.failures import failures, reason_of

_FIRST_WAIT_S = 0.25


def send_patiently(delivery: Delivery) -> str | None:
    """Send what is new; return why that cannot be, None where it has arrived.

    A store that was there before is tried again, after waits that double, as long as
    they come to no more than the time that it may take to answer. One that was never
    there is not waited for: its address is likely wrong.
    """
    wait_s, left_s = _FIRST_WAIT_S, delivery.store.timeout_s
    while True:
        try:
            delivery.send_new()
        except failures() as error:
            if not delivery.store.was_reached or left_s < wait_s:
                return reason_of(error)
        else:
            return None
        time.sleep(wait_s)
        left_s -= wait_s
        wait_s *= 2
