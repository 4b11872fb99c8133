from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hybridml.backbones import precision
from hybridml.backbones.precision import resolve_device, resolve_precision
from hybridml.exceptions import InvalidParameterError

CPU = torch.device("cpu")
AMX = "vendor_id : GenuineIntel\nflags : fpu avx512f avx512_bf16 avx512_fp16 amx_bf16"
AMX_HIDDEN = "vendor_id : GenuineIntel\nflags : fpu avx512f avx512_bf16 avx512_fp16"
COOPER_LAKE = "vendor_id : GenuineIntel\nflags : fpu avx512f avx512_bf16"
CASCADE_LAKE = "vendor_id : GenuineIntel\nflags : fpu avx512f avx512_vnni"
ZEN_4 = "vendor_id : AuthenticAMD\nflags : fpu avx512f avx512_bf16"
GRAVITON_3 = "processor : 0\nFeatures : fp asimd bf16 i8mm"


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for what Linux says of the processors."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "_CPUINFO", file)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    precision._is_faster_in_bf16.cache_clear()
    yield file
    precision._is_faster_in_bf16.cache_clear()


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (AMX, "bf16"),
        (AMX_HIDDEN, "fp32"),
        (COOPER_LAKE, "bf16"),
        (CASCADE_LAKE, "fp32"),
        (ZEN_4, "bf16"),
        (GRAVITON_3, "bf16"),
    ],
)
def test_auto_is_bf16_where_the_processor_is_faster_in_it(
    cpuinfo: Path, first: str, expected: str
) -> None:
    cpuinfo.write_text(f"{first}\n\n{first}\n")
    assert resolve_precision("auto", CPU) == expected


def test_auto_is_fp32_where_the_system_says_nothing_of_its_processor(
    cpuinfo: Path,
) -> None:
    assert resolve_precision("auto", CPU) == "fp32"


@pytest.mark.parametrize("named", ["bf16", "fp32"])
def test_a_precision_that_is_named_is_taken(cpuinfo: Path, named: str) -> None:
    cpuinfo.write_text(AMX_HIDDEN)
    assert resolve_precision(named, CPU) == named


def test_an_unknown_precision_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        InvalidParameterError, match=r"precision='fp16'.*'auto', 'bf16'"
    ):
        resolve_precision("fp16", CPU)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="device='gpu'"):
        resolve_device("gpu")
