"""What a result was made with: machine, versions, and the commit of the code."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

_PACKAGES = ("hybridml", "scikit-learn", "torch", "torchvision", "xgboost", "numpy")
_GIT_TIME_S = 5.0


def describe_environment() -> dict[str, str]:
    """Name the machine, the system and the versions of what computes."""
    versions = {name: metadata.version(name) for name in _PACKAGES}
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    return {
        "machine": machine,
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **versions,
    }


def git_commit(folder: str | Path = ".") -> str:
    """Find the commit that a folder is at; "" where it has none, or git is missing."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_GIT_TIME_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
