"""A warning points at the line that used the tracker, however deep it was found."""

from __future__ import annotations

import pytest

from hybridml.exceptions import TrackingWarning
from hybridml.tracking.sending.warning import warn_caller


def test_the_line_is_the_callers() -> None:
    with pytest.warns(TrackingWarning, match="lost") as caught:
        warn_caller("lost")
    assert caught[0].filename == __file__
