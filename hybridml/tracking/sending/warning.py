"""How the work is warned: in its own thread, at the line that used the tracker."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from hybridml.exceptions import TrackingWarning

_HERE = str(Path(__file__).parents[1])


def warn_caller(message: str) -> None:
    """Warn at the line outside of the trackers that led here."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, TrackingWarning, stacklevel=level)
