"""A result comes back from the journal as it was, or not at all."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybridml.comparing.fold_result import NUMBERS, FoldResult
from hybridml.comparing.journal import Journal
from hybridml.comparing.outputs import Outputs
from hybridml.exceptions import StoreWarning


def _result() -> FoldResult:
    outputs = Outputs(
        np.array(["cat", "dog"]),
        predict_proba=np.array([[0.1 + 0.2, 0.7], [1 / 3, 2 / 3]]),
        classes=np.array(["cat", "dog"]),
    )
    layers = pd.DataFrame({"cut_layer": ["stem"], "score": [0.1 + 0.2]})
    layers["params"] = [{"head__C": 0.1}]
    history = pd.DataFrame({"epoch": [0, 1], "valid_loss": [math.nan, 0.5]})
    return FoldResult(
        score=0.1 + 0.2,
        fit_time_s=1.0,
        predict_ms_per_image=2.0,
        model_mb=3.0,
        images_forwarded=np.int64(4),  # type: ignore[arg-type]
        n_train=5,
        n_test=2,
        best_epoch=math.nan,
        choice={"cut_layer": "stem", "head": "ridge"},
        outputs=outputs,
        inner_scores=layers,
        history=history,
    )


def test_result_comes_back_bit_for_bit(tmp_path: Path) -> None:
    Journal(tmp_path / "new").add("a", _result())
    found, told = Journal(tmp_path / "new").find("a"), _result()
    assert found is not None
    for name in NUMBERS:
        np.testing.assert_equal(getattr(found, name), getattr(told, name))
    assert found.choice == {"cut_layer": "stem", "head": "ridge"}
    np.testing.assert_array_equal(found.outputs.predict, told.outputs.predict)
    assert found.outputs.predict_proba is not None
    assert told.outputs.predict_proba is not None
    assert found.outputs.predict_proba.tobytes() == told.outputs.predict_proba.tobytes()
    assert found.outputs.decision_function is None
    pd.testing.assert_frame_equal(found.inner_scores, told.inner_scores)
    pd.testing.assert_frame_equal(found.history, told.history)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    assert Journal(tmp_path).find("a") is None
    assert Journal(tmp_path).find(None) is None


def test_no_folder_keeps_nothing() -> None:
    journal = Journal(None)
    journal.add("a", _result())
    assert journal.find("a") is None


@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_damaged_file_is_computed_again(tmp_path: Path, kept: int) -> None:
    Journal(tmp_path).add("a", _result())
    path = tmp_path / "a.result"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.warns(StoreWarning, match="found a.result damaged"):
        assert Journal(tmp_path).find("a") is None
    Journal(tmp_path).add("a", _result())
    assert Journal(tmp_path).find("a") is not None


def test_any_wrong_byte_is_noticed(tmp_path: Path) -> None:
    Journal(tmp_path).add("a", _result())
    path = tmp_path / "a.result"
    content = path.read_bytes()
    for place in range(0, len(content), 37):
        wrong = bytearray(content)
        wrong[place] ^= 0xFF
        path.write_bytes(bytes(wrong))
        journal = Journal(tmp_path)
        journal._has_warned = True
        assert journal.find("a") is None


def test_folder_that_cannot_be_made_warns_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = Journal(tmp_path / "file" / "folder")
    with pytest.warns(StoreWarning, match="cannot write to"):
        journal.add("a", _result())
    journal.add("b", _result())


def test_no_part_of_a_file_is_left_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(StoreWarning, match="No space left"):
        Journal(tmp_path).add("a", _result())
    assert list(tmp_path.iterdir()) == []
