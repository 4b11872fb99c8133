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
_NATIVE_BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}


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
    """Choose "bf16" or "fp32": "auto" is bf16 where the hardware has it natively."""
    if precision not in PRECISIONS:
        expected = "'auto', 'bf16' or 'fp32'"
        raise InvalidParameterError(describe("precision", precision, expected))
    if precision != "auto":
        return precision
    return "bf16" if _has_native_bf16(device.type) else "fp32"


def dtype_of(precision: str) -> torch.dtype:
    """Torch's type for a resolved precision."""
    return _DTYPES[precision]


@cache
def _has_native_bf16(device_type: str) -> bool:
    if device_type == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    return device_type == "cpu" and bool(_cpu_flags() & _NATIVE_BF16_FLAGS)


def _cpu_flags() -> set[str]:
    cpuinfo = Path("/proc/cpuinfo")
    if platform.system() != "Linux" or not cpuinfo.exists():
        return set()
    for line in cpuinfo.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return set(value.split())
    return set()
