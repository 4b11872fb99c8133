"""What the engines share: who may work, and what a lost worker leaves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hybridml.distributed.configuration import Configuration
from hybridml.distributed.folder import Folder
from hybridml.distributed.ledger import Ledger
from hybridml.distributed.messages import Contents, Description, Outcome
from hybridml.distributed.parts import part_name, write_part
from hybridml.distributed.run import Run
from hybridml.distributed.settings import Settings
from hybridml.exceptions import InvalidParameterError

DIGESTS = [bytes([i]) * 20 for i in range(4)]


def describe(precision: str) -> Description:
    settings = {"precision": precision, "fields": [["stem", "maps", 2]]}
    return Description(Configuration(json.dumps(settings)), ("stem",))


@pytest.fixture
def ticks() -> list[int]:
    return []


@pytest.fixture
def run(tmp_path: Path, ticks: list[int]) -> Run:
    settings = Settings(
        backbone="any",
        cut_layer="stem",
        pooling="mean",
        weights=None,
        image_size=None,
        in_channels=3,
        device="cpu",
        precision="fp32",
        random_state=0,
        declared=None,
        n_threads=1,
        output=str(tmp_path),
    )
    ledger, folder = Ledger(4, (), block_size=2), Folder(str(tmp_path))
    run = Run(settings, list("abcd"), ledger, folder, None, ticks.append)
    run.admit(describe("fp32"))
    return run


def test_worker_that_computes_otherwise_is_refused(run: Run) -> None:
    run.admit(describe("fp32"))
    with pytest.raises(InvalidParameterError, match=r"Got precision='bf16' \(there 'f"):
        run.admit(describe("bf16"))


def test_rows_that_are_there_decide(run: Run) -> None:
    run.found = describe("bf16").configuration
    with pytest.raises(InvalidParameterError, match="Choose another output"):
        run.admit(describe("fp32"))


def test_every_image_is_counted_once(run: Run, ticks: list[int]) -> None:
    first, second = run.ledger.draw(), run.ledger.draw()
    assert run.images_of(second) == ["c", "d"]
    assert run.note_read(first, Contents(DIGESTS[:2], {}, 30)) == [0, 1]
    assert run.note_read(second, Contents(DIGESTS[:2], {}, 30)) == []
    run.note_computed(first, Outcome(DIGESTS[:2], {}, 99))
    assert ticks == [2, 2]
    told = run.report()
    assert told["cut_layers"] == ["stem"]
    counts = [told[n] for n in ("images_forwarded", "bytes_read", "bytes_written")]
    assert counts == [2, 60, 99]


@pytest.mark.parametrize("is_sound", [True, False])
def test_rows_of_a_lost_worker_count_if_they_are_sound(
    run: Run, is_sound: bool, tmp_path: Path
) -> None:
    block, name = run.ledger.draw(), part_name(DIGESTS[:2])
    contents = Contents(DIGESTS[:2], {}, 30)
    run.note_read(block, contents)
    write_part(
        run.folder,
        name,
        describe("fp32").configuration,
        digests=DIGESTS[:2],
        images=["a", "b"],
        rows=np.zeros((2, 2), dtype=np.float32),
    )
    if not is_sound:
        (tmp_path / name).write_bytes(b"half")
    run.note_lost(block)
    assert run.folder.exists(name) == is_sound
    assert run.ledger.draw() == block
    assert run.note_read(block, contents) == ([] if is_sound else [0, 1])
