"""A fit that is killed again and again ends as one that nobody disturbed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file
from safetensors.torch import save_file

from hybridml import FineTuneClassifier
from hybridml.finetune import Callback
from hybridml.finetune.training import checkpoint
from hybridml.testing import make_photos, register_tiny_backbone

STEP_S, EPOCHS = 0.02, 6
LONGEST_S = (
    0.4  # from the first epoch's start until a kill; the steps alone take as long
)

SETTINGS: dict[str, dict[str, Any]] = {
    "all that acts on the weights": {
        "augmentation": "strong",
        "mixup": 0.4,
        "dropout": 0.3,
        "ema_decay": 0.9,
        "gradual_unfreezing": True,
        "layer_decay": 0.7,
        "l2_sp": 0.01,
        "l1_head": 0.001,
        "validation_fraction": 0,
    },
    "maps that are kept": {
        "trainable": "last2",
        "augmentation": "standard",
        "n_views": 2,
        "optimizer": "sgd",
        "cutmix": 0.5,
        "validation_fraction": 0.25,
        "learning_rate": 0.01,
    },
    "from scratch": {"weights": None, "dropout": 0.5, "validation_fraction": 0},
}


class Slowly(Callback):
    """Sleeps in every step, tells when the first begins, and counts them."""

    def __init__(self, begin: Callable[[], object]) -> None:
        self.begin = begin
        self.n_steps = 0

    def on_fit_begin(self, estimator: Any) -> None:
        self.begin()

    def on_step_end(self, estimator: Any, done: int, total: int) -> None:
        self.n_steps += 1
        time.sleep(STEP_S)


def fit(
    folder: Path | None, settings: dict[str, Any], begin: Callable[[], object]
) -> tuple[Any, int]:
    X, y = make_photos(16)
    slowly = Slowly(begin)
    model = FineTuneClassifier(
        register_tiny_backbone(),
        epochs=EPOCHS,
        patience=None,
        batch_size=4,
        checkpoint=folder,
        callbacks=[slowly],
        **{"store": None, "device": "cpu", "n_jobs": 1, **settings},
    )
    return model.fit(X, y), slowly.n_steps


def fit_and_be_killed(root: str, name: str, n_kills: int) -> None:
    """Leave the weights and the history of a disturbed and an undisturbed fit."""
    folder, chance = Path(root), random.Random(name)
    for n in range(n_kills):
        # Copies of this process, which never runs the network: no second start.
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            checkpoint._SAVE_EVERY_S = 0.0 if n % 2 else 60.0  # amid epochs, or not
            fit(folder / "checkpoint", SETTINGS[name], partial(os.write, writing, b"x"))
            os._exit(0)
        os.close(writing)
        os.read(reading, 1)
        time.sleep(chance.uniform(0, LONGEST_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
    for kind in ("disturbed", "undisturbed"):
        child = os.fork()
        if child == 0:
            kept = folder / "checkpoint" if kind == "disturbed" else None
            model, n_steps = fit(kept, SETTINGS[name], int)
            save_file(model.tuned_.tensors(), folder / f"{kind}.safetensors")
            model.history_.to_json(folder / f"{kind}.json")
            (folder / f"{kind}.txt").write_text(json.dumps(n_steps))
            os._exit(0)
        os.waitpid(child, 0)


def _run(folder: Path, name: str, n_kills: int) -> None:
    code = (
        f"import runpy; names = runpy.run_path({__file__!r}); "
        f"names['fit_and_be_killed']({str(folder)!r}, {name!r}, {n_kills})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _check(folder: Path) -> None:
    disturbed, whole = (
        load_file(folder / f"{kind}.safetensors")
        for kind in ("disturbed", "undisturbed")
    )
    assert set(disturbed) == set(whole)
    for name in whole:
        np.testing.assert_array_equal(disturbed[name], whole[name], err_msg=name)
    histories = [
        pd.read_json(folder / f"{kind}.json").drop(columns="seconds")
        for kind in ("disturbed", "undisturbed")
    ]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    n_left, n_steps = (
        json.loads((folder / f"{kind}.txt").read_text())
        for kind in ("disturbed", "undisturbed")
    )
    assert n_left < n_steps  # else nothing was resumed


needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="kills copies of a process"
)


@needs_fork
@pytest.mark.slow
def test_a_fit_killed_twice_ends_bit_for_bit_as_if_it_had_not_been(
    tmp_path: Path,
) -> None:
    _run(tmp_path, "all that acts on the weights", 2)
    _check(tmp_path)


@needs_fork
@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_a_fit_killed_ten_times_ends_bit_for_bit_as_if_it_had_not_been(
    tmp_path: Path, name: str
) -> None:
    _run(tmp_path, name, 10)
    _check(tmp_path)
