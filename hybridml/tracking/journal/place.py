"""Where journals are kept."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_state_path


def default_journal_root() -> Path:
    """Folder of the journals of this user.

    The one named by the environment variable HYBRIDML_JOURNAL, else one that, unlike a
    cache, nothing clears.
    """
    named = os.environ.get("HYBRIDML_JOURNAL")
    return Path(named) if named else user_state_path("hybridml") / "journal"
