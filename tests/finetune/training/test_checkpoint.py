"""A checkpoint is whole or absent, belongs to one run, and holds no code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch

from hybridml.exceptions import TrainingWarning
from hybridml.finetune.training import checkpoint as checkpoint_module
from hybridml.finetune.training.checkpoint import Checkpoint

STATE = {"epoch": 2, "losses": [0.5, float("inf")], "weights": torch.arange(3.0)}


def test_a_state_comes_back_as_it_was_saved_last(tmp_path: Path) -> None:
    Checkpoint(tmp_path, {"a": 1}).save({"epoch": 1})
    Checkpoint(tmp_path, {"a": 1}).save(STATE)
    state = Checkpoint(tmp_path, {"a": 1}).load()
    assert state is not None
    assert torch.equal(state.pop("weights"), STATE["weights"])
    assert state == {"epoch": 2, "losses": [0.5, float("inf")]}


def test_there_is_nothing_to_begin_with(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "new", {})
    assert checkpoint.load() is None
    checkpoint.save({})
    assert checkpoint.load() == {}


def test_other_runs_have_files_of_their_own(tmp_path: Path) -> None:
    identities: list[dict[str, Any]] = [{}, {"a": 1}, {"a": 2}, {"a": 1, "b": 1}]
    paths = {Checkpoint(tmp_path, identity).path for identity in identities}
    assert len(paths) == 4
    same = Checkpoint(tmp_path, {"b": 1, "a": 1}).path
    assert same == Checkpoint(tmp_path, {"a": 1, "b": 1}).path


def test_a_save_cut_short_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(tmp_path, {})
    checkpoint.save({"epoch": 1})

    def write_half(_: object, file: BinaryIO) -> None:
        file.write(b"PK half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", write_half)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save({"epoch": 2})
    assert checkpoint.load() == {"epoch": 1}


def test_no_partial_file_is_left(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, {})
    for epoch in range(3):
        checkpoint.save({"epoch": epoch})
    assert list(tmp_path.iterdir()) == [checkpoint.path]


def test_loading_runs_no_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "harm"),)

    checkpoint = Checkpoint(tmp_path, {})
    torch.save({"epoch": Evil()}, checkpoint.path)
    with pytest.warns(TrainingWarning, match="cannot be read .Weights only load fai"):
        assert checkpoint.load() is None
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_damaged_file_is_told_of_and_replaced(tmp_path: Path, part: float) -> None:
    checkpoint = Checkpoint(tmp_path, {})
    checkpoint.save(STATE)
    whole = checkpoint.path.read_bytes()
    checkpoint.path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.warns(TrainingWarning, match=r"cannot be read .* begins anew"):
        assert checkpoint.load() is None
    checkpoint.save({"epoch": 1})
    assert checkpoint.load() == {"epoch": 1}


def test_a_save_is_due_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(checkpoint_module.time, "monotonic", lambda: now)
    checkpoint = Checkpoint(tmp_path, {})
    now += 59
    assert not checkpoint.is_due
    now += 1
    assert checkpoint.is_due
    checkpoint.save({})
    assert not checkpoint.is_due


def test_a_folder_that_cannot_be_used_warns_once_and_stops_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("not a folder")
    checkpoint = Checkpoint(tmp_path / "file", {})
    assert checkpoint.load() is None
    with pytest.warns(TrainingWarning, match="cannot be kept in .*file"):
        checkpoint.save(STATE)
    checkpoint.save(STATE)  # a second warning would be an error here


def test_a_disk_that_is_full_leaves_the_last_state_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(tmp_path, {})
    checkpoint.save(STATE)

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_module.os, "fsync", fail)
    with pytest.warns(TrainingWarning, match="No space left"):
        checkpoint.save({"epoch": 3})
    state = checkpoint.load()
    assert state is not None
    assert state["epoch"] == 2
    assert list(tmp_path.iterdir()) == [checkpoint.path]
