"""A comparison on Ray says what one in this process says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml import (
    FeatureStore,
    RecordingTracker,
    TransferComparison,
    compare_transfer_cases,
)
from hybridml._optional import is_installed
from hybridml.exceptions import ImageDecodeError
from hybridml.testing import make_photos, register_tiny_backbone

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed("ray"), reason="Ray is not installed"),
]
N_PHOTOS = 24


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    from hybridml.distributed.ray_start import connected

    with connected("local", n_cpus=2, n_gpus=0) as started:
        yield started


def _compare(store: Path, **options: Any) -> TransferComparison:
    X, y = make_photos(N_PHOTOS, seed=1)
    y[::5] = "class0"  # so that scores differ
    return compare_transfer_cases(
        X,
        y,
        **{
            "backbones": register_tiny_backbone("tiny_on_ray"),
            "cases": [0, 1, 2],
            "cv": 3,
            "epochs": 2,
            "store": store,
            "journal": None,
            "precision": "fp32",
            **options,
        },
    )


def test_scores_are_those_of_the_local_engine(ray: Any, tmp_path: Path) -> None:
    here = _compare(tmp_path / "here")
    there = _compare(tmp_path / "there", engine="ray")
    keys = ["candidate", "fold"]
    pd.testing.assert_frame_equal(
        there.fold_scores.sort_values(keys).reset_index(drop=True)[[*keys, "score"]],
        here.fold_scores.sort_values(keys).reset_index(drop=True)[[*keys, "score"]],
    )
    assert there.winner["candidate"] == here.winner["candidate"]
    stores = [FeatureStore(tmp_path / name).stats() for name in ("here", "there")]
    assert stores[0]["images_forwarded"] == stores[1]["images_forwarded"]


def _epochs(tracker: RecordingTracker) -> set[tuple[str, str, int]]:
    return {
        (run.name, name, step)
        for run in tracker.all_runs()
        for name, _, step in run.metrics
        if step is not None and "epoch" not in name
    }


def test_epochs_of_a_training_elsewhere_are_recorded(ray: Any, tmp_path: Path) -> None:
    there, here = RecordingTracker(), RecordingTracker()
    _compare(tmp_path, cases=[2], engine="ray", tracker=there)
    _compare(tmp_path, cases=[2], tracker=here)
    assert _epochs(there) == _epochs(here)
    assert any("loss" in name and step == 2 for _, name, step in _epochs(there))


def test_bad_images_are_named_as_by_the_local_engine(ray: Any, tmp_path: Path) -> None:
    X, y = make_photos(N_PHOTOS)
    images = [*X[:7], b"no image", *X[8:]]
    with pytest.raises(ImageDecodeError, match="image 8 of 24"):
        compare_transfer_cases(
            images,
            y,
            backbones=register_tiny_backbone("tiny_on_ray"),
            cases=[1],
            cv=2,
            store=tmp_path,
            engine="ray",
        )


def test_what_time_is_too_short_for_drops_out(ray: Any, tmp_path: Path) -> None:
    found = _compare(tmp_path, engine="ray", cases=[1, 3], time_budget_s=1e-3)
    table = found.table.set_index("case")
    assert np.isfinite(table.loc[1, "score"]).all()
    assert "time" in found.table["note"].str.cat(sep=" ")


def test_ray_is_not_imported_by_a_local_comparison() -> None:
    code = (
        "import sys\n"
        "from hybridml import compare_transfer_cases\n"
        "from hybridml.testing import make_photos, register_tiny_backbone\n"
        "X, y = make_photos(8)\n"
        "compare_transfer_cases(X, y, backbones=register_tiny_backbone(), cases=[1],\n"
        "                       cut_layers='penultimate', cv=2, store=None)\n"
        "assert 'ray' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
