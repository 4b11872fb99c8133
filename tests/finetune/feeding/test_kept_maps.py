"""Rows kept on disk come back bit for bit, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hybridml.finetune.feeding.kept_maps import KeptMaps, lack_of_room


@pytest.mark.parametrize("shape", [(5,), (7, 3), (4, 3, 2), (2, 3, 4, 5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows_come_back_as_they_were(
    tmp_path: Path, shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    rows = torch.randn(6, *shape).to(dtype)
    kept = KeptMaps(tmp_path, 6, rows[0])
    kept.write(np.array([4, 0, 5]), rows[[4, 0, 5]])
    kept.write(np.array([3, 1, 2]), rows[[3, 1, 2]])
    asked = [2, 2, 5, 0]
    assert torch.equal(kept.read(np.array(asked)), rows[asked])
    assert kept.read(np.array(asked)).dtype == dtype
    assert kept.read(np.array([], dtype=np.intp)).shape == (0, *shape)


def test_what_was_read_is_a_copy(tmp_path: Path) -> None:
    kept = KeptMaps(tmp_path, 1, torch.ones(3))
    kept.write(np.array([0]), torch.ones(1, 3))
    kept.read(np.array([0])).zero_()
    assert torch.equal(kept.read(np.array([0])), torch.ones(1, 3))


def test_maps_come_in_the_layout_of_convolutions(tmp_path: Path) -> None:
    kept = KeptMaps(tmp_path, 2, torch.ones(4, 3, 2))
    maps = kept.read(np.array([0, 1]))
    assert maps.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.skipif(os.name == "nt", reason="an open file has its name there")
def test_the_file_has_no_name(tmp_path: Path) -> None:
    kept = KeptMaps(tmp_path, 10, torch.ones(3))
    assert list(tmp_path.iterdir()) == []
    kept.write(np.array([9]), torch.ones(1, 3))


def test_what_a_disk_lacks_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = torch.ones(2**18)  # 1 MiB
    assert lack_of_room(tmp_path, 1, row) is None or _free(tmp_path) < 2**31

    def nearly_full(_: object) -> Any:
        return shutil._ntuple_diskusage(2**40, 2**40, 3 * 2**30)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    assert lack_of_room(tmp_path, 2048, row) is None
    lack = lack_of_room(tmp_path, 2049 * 2, row)
    assert lack == "they need 4.0 GiB and 2.0 are free"


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
