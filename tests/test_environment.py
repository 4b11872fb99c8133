"""What a result was made with is named."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from hybridml._environment import describe_environment, git_commit


def test_versions_are_those_that_are_installed() -> None:
    found = describe_environment()
    assert found["scikit-learn"] == metadata.version("scikit-learn")
    assert set(found) >= {"machine", "system", "python", "hybridml", "torch"}


def test_the_commit_is_that_of_the_folder(tmp_path: Path) -> None:
    def git(*command: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        done = subprocess.run(
            ["git", *who, *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    git("init")
    assert git_commit(tmp_path) == ""
    git("commit", "--allow-empty", "-m", "first")
    assert git_commit(tmp_path) == git("rev-parse", "HEAD")


def test_a_folder_outside_of_git_has_no_commit(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == ""
    assert git_commit(tmp_path / "gone") == ""


def test_without_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_commit(".") == ""
