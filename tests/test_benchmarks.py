"""Every benchmark, at its smallest: it runs to its end and prints a ratio there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("bench_*.py"))
SMALLEST = {
    "bench_extraction.py": "--photos 8 --workers 0",
    "bench_finetune.py": "--photos 8 --epochs 2 --workers 0 --settings resnet18:layer3",
    "bench_grid_search.py": "--photos 20 --few 20 --image-size 32",
    "bench_memory.py": "--photos 80",
    "bench_store.py": "--rows 100",
}
RATIO = re.compile(r"^ratio\b.*\b\d+\.\d+\b")


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_benchmark_ends_with_a_ratio(script: Path, tmp_path: Path) -> None:
    if script.name == "bench_memory.py" and not Path("/proc/self/status").exists():
        pytest.skip("memory is measured on Linux only")
    options = f"{SMALLEST[script.name]} --rounds 1".split()
    done = subprocess.run(
        [sys.executable, str(script), *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert RATIO.match(done.stdout.splitlines()[-1]), done.stdout


def test_there_are_benchmarks_and_their_smallest_size_is_known() -> None:
    assert {script.name for script in SCRIPTS} == set(SMALLEST)


@pytest.mark.parametrize("name", sorted(SMALLEST))
def test_readme_of_the_benchmarks_names_each(name: str) -> None:
    assert f"`{name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["embetter", "timm", "img2vec_pytorch", "skorch"])
def test_peer_is_required_in_one_version(name: str) -> None:
    lines = (FOLDER / "requirements.txt").read_text(encoding="utf-8")
    assert re.search(rf"^{name}(\[\w+\])?==[\d.]+$", lines, re.MULTILINE)
