"""What all tests share: a tiny seeded backbone, generated photos, an isolated home."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

# A suite started in the background inherits that interrupts are ignored, and so would
# the commands that its tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def shared_data() -> Path:
    """Folder of the real data sets; the test is skipped where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"real data sets are not at {folder}")
    return folder


@pytest.fixture
def shared_weights() -> Path:
    """Folder of real weights; the test is skipped where it is absent."""
    folder = SHARED / "weights"
    if not folder.is_dir():
        pytest.skip(f"real weights are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders that are not there yet; most tests never make theirs."""
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the user's store, cache and tracking server."""
    home = next(_homes)
    monkeypatch.setenv("HYBRIDML_STORE", str(home / "store"))
    monkeypatch.setenv("HYBRIDML_JOURNAL", str(home / "journal"))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
