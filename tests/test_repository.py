"""What the repository holds, and what must never get into it."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
COMPOSE = yaml.safe_load((ROOT / "mlflow/compose.yaml").read_text(encoding="utf-8"))
MLPROJECT = yaml.safe_load((ROOT / "mlflow/MLproject").read_text(encoding="utf-8"))

NOT_OURS = {".git", ".venv", "mlruns", "mlartifacts", "build", "dist"}
INDEX_ADDRESS = re.compile(
    r"--(extra-)?index-url|--find-links|\bindex-url *=|\bfind-links *="
    r"|(https?|file)://[^\s\"'<>)]*(/simple\b|/wheels\b|/whl\b|pypi)"
)


def test_mlflow_folder_is_no_python_package() -> None:
    assert list((ROOT / "mlflow").rglob("*.py")) == []


def test_mlflow_folder_does_not_hide_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    spec = find_spec("mlflow")
    assert spec is not None
    assert spec.origin is not None
    assert not Path(spec.origin).is_relative_to(ROOT / "mlflow")


@pytest.mark.parametrize("name", ["*.lock", "Pipfile*", "package-lock.json"])
def test_there_is_no_lock_file(name: str) -> None:
    assert [path for path in _files() if path.match(name)] == []


def test_no_file_names_a_package_index() -> None:
    naming = {
        path.relative_to(ROOT).as_posix()
        for path in _files()
        if path != Path(__file__) and INDEX_ADDRESS.search(_text(path))
    }
    assert naming == set()


def test_walk_over_the_checkout_finds_its_files() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in _files()}
    assert {"Makefile", "hybridml/__init__.py", "mlflow/compose.yaml"} <= found


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://packages.example.org/simple",
        "--find-links /somewhere",
        'index-url = "https://packages.example.org"',
        "torch @ file:///opt/wheels/torch.whl",
        "https://download.example.org/whl/cpu",
    ],
)
def test_index_address_is_seen(line: str) -> None:
    assert INDEX_ADDRESS.search(line)


@pytest.mark.parametrize(
    "line", ["--no-emit-index-url", "https://example.org/simplify"]
)
def test_harmless_line_is_no_index_address(line: str) -> None:
    assert not INDEX_ADDRESS.search(line)


def test_constraints_are_exact_versions_and_nothing_else() -> None:
    for line in _constraints():
        requirement = Requirement(line)
        assert requirement.url is None
        assert [part.operator for part in requirement.specifier] == ["=="], line


def test_constraints_pin_every_dependency_within_its_bounds() -> None:
    extras = PROJECT["optional-dependencies"].values()
    wanted = chain(PROJECT["dependencies"], *extras)
    pinned: dict[str, list[str]] = {}
    for line in _constraints():
        pin = Requirement(line)
        versions = [part.version for part in pin.specifier]
        pinned.setdefault(canonicalize_name(pin.name), []).extend(versions)
    for requirement in map(Requirement, wanted):
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not pinned; run: make constraints"
        assert all(v in requirement.specifier for v in versions), requirement


def test_packages_for_linux_gpus_stay_off_other_systems() -> None:
    for line in _constraints():
        if line.startswith(("nvidia-", "cuda-", "triton")):
            marker = Requirement(line).marker
            assert marker is not None
            assert not marker.evaluate({"sys_platform": "darwin"})


def test_license_is_the_one_declared() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert re.search(r"Apache License\s+Version 2\.0, January 2004", text)
    assert "END OF TERMS AND CONDITIONS" in text


def test_changelog_knows_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", _text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings
    assert headings[0] in ("Unreleased", PROJECT["version"])


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "clean"])
def test_make_help_lists(target: str) -> None:
    shown = subprocess.run(
        ["make", "-C", str(ROOT), "--no-print-directory", "help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(rf"^  make {target} +\S", shown.stdout, re.MULTILINE)


def test_ci_runs_the_checks_and_the_whole_suite() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert _text(script).splitlines()[-2:] == ["make check", "make test"]


def test_compose_publishes_on_this_machine_only() -> None:
    ports = [port for s in COMPOSE["services"].values() for port in s.get("ports", [])]
    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_compose_keeps_no_password() -> None:
    passwords = [
        value
        for service in COMPOSE["services"].values()
        for name, value in service["environment"].items()
        if "PASSWORD" in name
    ]
    assert len(passwords) == 2
    assert all(value.startswith("${MLFLOW_DB_PASSWORD:?") for value in passwords)


def test_compose_serves_the_release_of_mlflow_that_is_pinned() -> None:
    (pin,) = [line for line in _constraints() if line.startswith("mlflow==")]
    image = COMPOSE["services"]["server"]["image"]
    assert f":v{pin.removeprefix('mlflow==')}-" in image


@pytest.mark.parametrize("name", ["compare", "demo", "fuse"])
def test_mlproject_entry_point_is_a_command_of_hybridml(name: str) -> None:
    entry = MLPROJECT["entry_points"][name]
    assert f"hybridml {name}" in entry["command"]
    used = set(re.findall(r"{(\w+)}", entry["command"]))
    assert used == set(entry.get("parameters", {}))


def _constraints() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if line and not line.startswith("#")]
    assert len(found) > 50
    return found


def _files() -> Iterator[Path]:
    """Files of the checkout, without what is made from them."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [n for n in folders if n not in NOT_OURS and "cache" not in n]
        yield from (Path(folder, name) for name in names)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")
