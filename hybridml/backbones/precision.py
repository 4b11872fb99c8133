"""Which device and which floating-point precision a network runs in."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

import torch

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError

PRECISIONS = ("auto", "bf16", "fp32")
_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
_CPUINFO = Path("/proc/cpuinfo")


def resolve_device(device: str) -> torch.device:
    """Choose the device: "auto" is the first CUDA device, else Apple's, else the CPU.

    Raises
    ------
    InvalidParameterError
        If PyTorch does not know the device or cannot reach it.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, AssertionError, TypeError) as exc:
        expected = "'auto', 'cpu', 'cuda' or another device PyTorch can reach here"
        raise InvalidParameterError(describe("device", device, expected)) from exc
    return resolved


def reachable_device(device: str) -> str:
    """Return the device where it can be reached here, else "auto"."""
    try:
        resolve_device(device)
    except InvalidParameterError:
        return "auto"
    return device


def resolve_precision(precision: str, device: torch.device) -> str:
    """Choose "bf16" or "fp32": "auto" is bf16 where the hardware is faster in it."""
    if precision not in PRECISIONS:
        expected = "'auto', 'bf16' or 'fp32'"
        raise InvalidParameterError(describe("precision", precision, expected))
    if precision != "auto":
        return precision
    return "bf16" if _is_faster_in_bf16(device.type) else "fp32"


def dtype_of(precision: str) -> torch.dtype:
    """Torch's type for a resolved precision."""
    return _DTYPES[precision]


@cache
def is_intel() -> bool:
    """Whether the processor says that it is one of Intel's, as Linux knows it."""
    return _first_processor().get("vendor_id") == "GenuineIntel"


@cache
def _is_faster_in_bf16(device_type: str) -> bool:
    if device_type == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    return device_type == "cpu" and _cpu_is_faster_in_bf16()


def _cpu_is_faster_in_bf16() -> bool:
    """Decide by what the processor says of itself, as Linux knows it.

    Not by timing: features and their keys in the store depend on the answer, which has
    to be the same in every process of a machine, however busy.
    """
    facts = _first_processor()
    flags = set(facts.get("flags", facts.get("Features", "")).split())
    if flags & {"amx_bf16", "bf16"}:
        return True
    # Intel's processors with AMX do bfloat16 there. Where a virtual machine hides it,
    # what is left does half as many multiply-adds in bfloat16 as in float32: 41 against
    # 82 billion a second and core (benchmarks/RESULTS.md). They have avx512_fp16, which
    # Cooper Lake, Intel's one processor with avx512_bf16 and no AMX, has not.
    is_hidden = facts.get("vendor_id") == "GenuineIntel" and "avx512_fp16" in flags
    return "avx512_bf16" in flags and not is_hidden


def _first_processor() -> dict[str, str]:
    if platform.system() != "Linux" or not _CPUINFO.exists():
        return {}
    lines = _CPUINFO.read_text().partition("\n\n")[0].splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}
