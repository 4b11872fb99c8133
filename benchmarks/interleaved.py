"""How the benchmarks measure: the contenders in turn, several rounds, one table."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import torch

PACKAGES = ("torch", "torchvision", "scikit-learn", "numpy", "pillow")

Seconds = Mapping[str, list[float]]


def measure(
    contenders: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, list[float]]:
    """Time each contender once a round, in seconds.

    See `gather` for their order.
    """
    timed = {name: partial(_time, contender) for name, contender in contenders.items()}
    return gather(timed, rounds)


def gather(
    contenders: Mapping[str, Callable[[], list[float]]], rounds: int
) -> dict[str, list[float]]:
    """Run each contender once a round; each says itself what took how long.

    In turn, so that a busy minute of the machine hits all of them alike, and every
    second round from the last to the first, so that none always comes after the same.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        names = list(contenders)
        for name in names[::-1] if number % 2 else names:
            found = contenders[name]()
            seconds[name] += found
            print(f"{name}: {', '.join(f'{s:.2f} s' for s in found)}", flush=True)
        print(f"round {number + 1} of {rounds} done", flush=True)
    return seconds


def print_table(seconds: Seconds, n_images: Mapping[str, int]) -> None:
    """Print best and median seconds, and images per second of the best."""
    print(f"\n{'':44}{'images':>8}{'best s':>9}{'median s':>10}{'images/s':>10}")
    for name, times in seconds.items():
        rate = n_images[name] / min(times)
        row = f"{name:44}{n_images[name]:8d}{min(times):9.2f}{median(times):10.2f}"
        print(f"{row}{rate:10.1f}")
    print()


def ratio(seconds: Seconds, slower: str, faster: str) -> float:
    """How many times as long `slower` took: the median over what was timed in turn."""
    pairs = zip(seconds[slower], seconds[faster], strict=True)
    return median(a / b for a, b in pairs)


def print_machine(device: str = "cpu") -> None:
    """Print what the figures depend on, without naming the machine."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"CPU: {_cpu_model()}, {count_cores()} cores, load average {load}")
    if torch.device(device).type == "cuda":
        print(f"GPU: {torch.cuda.get_device_name(device)}")
    print(f"Threads of torch: {torch.get_num_threads()}")
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"Python {platform.python_version()}, {versions}\n", flush=True)


def count_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_installed(*packages: str) -> bool:
    """Tell whether a peer can take part, and print which version does or why not."""
    try:
        found = [f"{name} {version(name)}" for name in packages]
    except PackageNotFoundError as missing:
        named = f"{packages[0]} is left out: {missing.name} is not installed"
        print(f"{named} (see benchmarks/requirements.txt)")
        return False
    print(", ".join(found))
    return True


def _time(contender: Callable[[], object]) -> list[float]:
    started = time.perf_counter()
    contender()
    return [time.perf_counter() - started]


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return models[0] if models else platform.processor() or platform.machine()
