"""An extraction that is killed again and again, and what its store holds then."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.testing import make_photos, register_tiny_backbone

N_PHOTOS, N_KILLS = 2000, 20
MOST_ROWS = 100  # that one process may store before it is killed
LONGEST_S = 0.01


def extract(store: FeatureStore) -> np.ndarray:
    X, _ = make_photos(N_PHOTOS, side=32)
    settings = {"device": "cpu", "precision": "fp32", "batch_size": 4, "n_jobs": 1}
    name = register_tiny_backbone()
    return DeepFeatureExtractor(name, store=store, **settings).transform(X)


def extract_and_be_killed(folder: str) -> None:
    """Write the rows and the images forwarded after each kill, and after the end."""
    chance, n_rows = random.Random(0), 0
    for is_last in [False] * N_KILLS + [True]:
        # A copy of this process, which itself never runs the network: no second start.
        child = os.fork()
        if child == 0:
            extract(FeatureStore(folder))
            os._exit(0)
        if not is_last:
            kill_after(child, folder, n_rows + chance.randrange(MOST_ROWS), chance)
        os.waitpid(child, 0)
        store = FeatureStore(folder)
        stats = store.stats()
        store.close()
        n_rows = stats["rows"]
        sys.stdout.write(json.dumps([n_rows, stats["images_forwarded"]]) + "\n")


def kill_after(child: int, folder: str, n_rows: int, chance: random.Random) -> None:
    """Kill a process some milliseconds after it has stored so many rows."""
    store, deadline = FeatureStore(folder), time.monotonic() + 60
    while store.stats()["rows"] < n_rows and time.monotonic() < deadline:
        time.sleep(0.001)
    store.close()
    time.sleep(chance.uniform(0, LONGEST_S))
    os.kill(child, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills copies of a process")
def test_an_extraction_killed_at_any_moment_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "killed"
    code = (
        f"import runpy; names = runpy.run_path({__file__!r}); "
        f"names['extract_and_be_killed']({str(folder)!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    after = np.array([json.loads(line) for line in done.stdout.splitlines()])
    n_rows, n_forwarded = after.T
    np.testing.assert_array_equal(n_rows, n_forwarded)
    assert len(set(n_rows)) > 5  # not all were killed before the first batch
    assert (np.diff(n_rows) >= 0).all()
    assert n_rows[-2] < n_rows[-1] == N_PHOTOS
    assert FeatureStore(folder).verify()["damaged"] == 0
    again = extract(FeatureStore(folder))
    np.testing.assert_array_equal(again, extract(FeatureStore(tmp_path / "clean")))
