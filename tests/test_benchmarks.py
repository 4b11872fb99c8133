"""Every benchmark, at its smallest: it runs to its end and prints a ratio there."""

from __future__ import annotations

import gzip
import importlib.util
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("bench_*.py"))
SMALLEST = {
    "bench_extraction.py": "--photos 8 --workers 0",
    "bench_finetune.py": "--photos 8 --epochs 2 --workers 0 --settings resnet18:layer3",
    "bench_grid_search.py": "--photos 20 --few 20 --image-size 32",
    "bench_memory.py": "--photos 80",
    "bench_predict.py": "--photos 8 --batches 1",
    "bench_scale.py": "--photos 16",
    "bench_serving.py": "--photos 4 --clients 2",
    "bench_store.py": "--rows 100",
    "bench_tracking.py": "--photos 12 --image-size 32 --cases 1 --folds 2",
}
RATIO = re.compile(r"^ratio\b.*\b\d+\.\d+\b")


HARM = re.compile(
    r"^spoken_digits: case 3 \(all\) is [+-]\d+\.\d\d points", re.MULTILINE
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_benchmark_ends_with_a_ratio(script: Path, tmp_path: Path) -> None:
    if script.name == "bench_memory.py" and not Path("/proc/self/status").exists():
        pytest.skip("memory is measured on Linux only")
    options = f"{SMALLEST[script.name]} --rounds 1".split()
    printed = _run(script, options, tmp_path)
    assert RATIO.match(printed.splitlines()[-1]), printed


@pytest.mark.slow
def test_tracking_is_measured_until_it_is_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / "bench_tracking.py"), "--photos", "12"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        while not running.stdout.readline().startswith(b"Python"):
            assert running.poll() is None
        time.sleep(5)  # the server starts, or a comparison runs: both are to end
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) != 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_study_of_harm_compares_both_cases_with_the_probe(
    shared_data: Path, tmp_path: Path
) -> None:
    for folder in ("cats_vs_dogs", "spoken_digits"):
        if not (shared_data / folder).is_dir():
            pytest.skip(f"there is no {folder} in {shared_data}")
    options = [str(shared_data), "--seeds", "1", "--every", "5", "--image-size", "48"]
    printed = _run(FOLDER / "no_harm.py", options, tmp_path)
    assert HARM.search(printed), printed


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_truth_for_the_advisor_goes_on_where_it_stopped(tmp_path: Path) -> None:
    results = tmp_path / "truth.jsonl"
    options = f"{tmp_path} --results {results} --store {tmp_path / 'store'} --seeds 1"
    options += " --tasks dots --sizes 5 --image-size 32 --cases 0 1 1-penultimate"
    options += " 1-all-layers 1-ensemble 2 3"
    first = _run_module("advisor.truth", options.split())
    assert len(first.splitlines()) == len(results.read_text().splitlines()) == 7
    with results.open("a") as file:
        file.write('{"task": "cut o')
    assert _run_module("advisor.truth", options.split()) == ""
    given = f"{tmp_path} --results {results} --store {tmp_path / 'store'}"
    followed = _run_module("advisor.advised", given.split()).splitlines()
    assert [line.split()[0] for line in followed] == ["advised", "logme"]
    assert _run_module("advisor.advised", given.split()) == ""
    summary = _run_module("advisor.summary", [str(results)])
    for policy in ("advise_transfer_case", "best LogME", "always 3"):
        assert policy in summary


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_hits_of_the_advice_are_those_of_what_is_recorded(tmp_path: Path) -> None:
    results = tmp_path / "truth.jsonl"
    recorded = FOLDER / "advisor" / "recorded_truth.jsonl.gz"
    results.write_bytes(gzip.decompress(recorded.read_bytes()))
    summary = _run_module("advisor.summary", [str(results)])
    told = (FOLDER / "RESULTS.md").read_text(encoding="utf-8")
    for policy in ("advise_transfer_case", "best LogME", "always 1", "always 3"):
        found = re.search(rf"^{policy} +\d+ +([\d.]+)", summary, re.MULTILINE)
        assert found is not None
        assert re.search(rf"\| `?{policy}`?.* {float(found[1]):.0f} % \|", told)
    left_out = _run_module("advisor.held_out", [str(results)])
    found = re.search(r"\(([\d.]+) %\)", left_out)
    assert found is not None
    assert f"{float(found[1]):.0f} %" in told


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_scores_of_cut_layers_are_set_beside_the_probe(shared_data: Path) -> None:
    if not (shared_data / "blood_cells_bccd").is_dir():
        pytest.skip(f"there is no blood_cells_bccd in {shared_data}")
    options = [str(shared_data), "--sets", "smears"]
    printed = _run(FOLDER / "cut_layer_scores.py", options, FOLDER)
    assert re.match(r"smears: logme \d+\.\d, ", printed.splitlines()[-1]), printed


def test_spectrogram_of_a_higher_tone_is_bright_higher_up() -> None:
    drawn = _spectrograms().spectrogram_image
    times_s = np.arange(8000) / 8000
    tones = [drawn(np.sin(2 * np.pi * hz * times_s), 8000) for hz in (300, 1000, 3000)]
    brightest = [int(tone.mean(axis=1).argmax()) for tone in tones]
    assert brightest == sorted(brightest, reverse=True)
    assert brightest[0] - brightest[-1] > 100


def test_spectrogram_of_a_quieter_sound_is_the_same() -> None:
    drawn = _spectrograms().spectrogram_image
    sound = np.random.default_rng(0).normal(0, 10_000, 8000)
    assert np.array_equal(drawn(sound, 8000), drawn(sound / 8, 8000))


def test_spectrogram_of_silence_is_black() -> None:
    assert not _spectrograms().spectrogram_image(np.zeros(100), 8000).any()


def test_there_are_benchmarks_and_their_smallest_size_is_known() -> None:
    assert {script.name for script in SCRIPTS} == set(SMALLEST)


@pytest.mark.parametrize("name", sorted(SMALLEST))
def test_readme_of_the_benchmarks_names_each(name: str) -> None:
    assert f"`{name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["embetter", "timm", "img2vec_pytorch", "skorch"])
def test_peer_is_required_in_one_version(name: str) -> None:
    lines = (FOLDER / "requirements.txt").read_text(encoding="utf-8")
    assert re.search(rf"^{name}(\[\w+\])?==[\d.]+$", lines, re.MULTILINE)


def _run(script: Path, options: list[str], folder: Path) -> str:
    """Run a script to its end, and return what it prints."""
    return _python([str(script), *options], folder)


def _run_module(name: str, options: list[str]) -> str:
    """Run a module of the benchmarks to its end, and return what it prints."""
    return _python(["-m", name, *options], FOLDER)


def _python(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _spectrograms() -> ModuleType:
    """Import the module of the benchmarks, which are no package."""
    path = FOLDER / "spectrograms.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module
