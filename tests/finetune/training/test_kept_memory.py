from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from hybridml.finetune.training import kept_memory
from hybridml.finetune.training.kept_memory import keep_freed_memory

MIB = 2**20
has_glibc = hasattr(ctypes.CDLL(None), "gnu_get_libc_version")
needs_glibc = pytest.mark.skipif(not has_glibc, reason="the C library is not glibc")


FAULTS = """
import resource
import numpy as np
from hybridml.finetune.training.kept_memory import keep_freed_memory

def pages_faulted():  # while a block is made and freed again, ten times
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.full(64 * 2**20, 1, dtype=np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(pages_faulted())
with keep_freed_memory(applies=True):
    np.full(64 * 2**20, 1, dtype=np.uint8)
    print(pages_faulted())
"""
RESIDENT = """
from pathlib import Path
import numpy as np
from hybridml.finetune.training.kept_memory import keep_freed_memory

def resident():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])

print(resident())
with keep_freed_memory(applies=True):
    np.full(300 * 2**20, 1, dtype=np.uint8)
    print(resident())
print(resident())
"""


class RecordingLibrary:
    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []

    def mallopt(self, option: int, value: int) -> None:
        self.calls.append((option, value))

    def malloc_trim(self, pad: int) -> None:
        self.calls.append((pad,))


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> RecordingLibrary:
    recording = RecordingLibrary()
    monkeypatch.setattr(kept_memory, "_glibc", lambda: recording)
    for name in ("MMAP_MAX_", "MMAP_THRESHOLD_", "TRIM_THRESHOLD_"):
        monkeypatch.delenv(f"MALLOC_{name}", raising=False)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    return recording


def printed_by(code: str) -> list[int]:
    """Run code in a process whose memory nothing else has used; read its numbers."""
    run = [sys.executable, "-c", code]
    return [int(n) for n in subprocess.check_output(run, text=True).split()]


@needs_glibc
def test_a_freed_block_is_used_again_without_new_pages() -> None:
    outside, inside = printed_by(FAULTS)
    assert inside < outside / 10


@needs_glibc
def test_what_is_free_goes_back_in_the_end() -> None:
    before, kept, after = printed_by(RESIDENT)
    assert kept > before + 250 * MIB
    assert after < before + 50 * MIB


def test_the_usual_thresholds_come_back_with_the_last_to_leave(
    library: RecordingLibrary,
) -> None:
    with keep_freed_memory(applies=True):
        kept = list(library.calls)
        with keep_freed_memory(applies=True):
            pass
        assert library.calls == kept
    options = {option for option, _ in kept}
    restored = {call[0] for call in library.calls[len(kept) :] if len(call) == 2}
    assert options <= restored
    assert library.calls[-1] == (0,)


def test_the_usual_thresholds_come_back_after_an_error(
    library: RecordingLibrary,
) -> None:
    with pytest.raises(RuntimeError, match="stop"), keep_freed_memory(applies=True):
        raise RuntimeError("stop")
    assert library.calls[-1] == (0,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MALLOC_MMAP_THRESHOLD_", "1000000"),
        ("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=1"),
    ],
)
def test_thresholds_that_were_chosen_are_left_alone(
    name: str,
    value: str,
    library: RecordingLibrary,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)
    with keep_freed_memory(applies=True):
        assert library.calls == []


def test_nothing_is_done_where_it_does_not_apply(library: RecordingLibrary) -> None:
    with keep_freed_memory(applies=False):
        pass
    assert library.calls == []
