"""The entry points of mlflow/MLproject: one for each recipe, with its options."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from argparse import Action, ArgumentParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient

ROOT = Path(__file__).resolve().parents[1]
ENTRIES = yaml.safe_load((ROOT / "mlflow/MLproject").read_text())["entry_points"]
RECIPES = sorted((ROOT / "pipelines").glob("*.py"))
NOT_A_PARAMETER = {"help", "tracking_uri"}  # `mlflow run` says where runs go
COMMANDS = {"compare", "demo", "fuse"}
IN_FEW_STEPS = {
    "cut_layer_search": "cut_layers=stem,penultimate heads=ridge cv=2 image_size=32",
    "fine_tuning_sweep": "trainable=head,last2 learning_rates=0.001 epochs=1 cv=2 "
    "image_size=32",
    "fusion_comparison": "target=label images=photo tabular=size kinds=late cv=2 "
    "image_size=32",
    "transfer_cases": "cases=0,1 heads=ridge cv=2 image_size=32",
}


def test_entry_points_are_commands_and_all_recipes() -> None:
    assert set(ENTRIES) == COMMANDS | {recipe.stem for recipe in RECIPES}
    assert set(IN_FEW_STEPS) == {recipe.stem for recipe in RECIPES}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_parameters_are_the_options_of_the_recipe(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = ENTRIES[recipe.stem]
    options = {
        option.dest: option
        for option in _options(recipe, monkeypatch)
        if option.dest not in NOT_A_PARAMETER
    }
    assert set(entry["parameters"]) == set(options)
    required = {name for name, option in options.items() if option.required}
    given = entry["parameters"].items()
    assert {name for name, kind in given if isinstance(kind, str)} == required
    (first,) = (name for name, option in options.items() if not option.option_strings)
    told = [f"./recipe {recipe.stem} {{{first}}}"]
    for name, option in options.items():
        mark = "+" if option.nargs == "+" else ""
        told += [] if name == first else [f"{name}{mark}={{{name}}}"]
    assert entry["command"] == " ".join(told)


def _options(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> list[Action]:
    spec = importlib.util.spec_from_file_location(recipe.stem, recipe)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[Action] = []

    def parse(parser: ArgumentParser, arguments: Any) -> None:
        found.extend(parser._actions)

    monkeypatch.setattr(ArgumentParser, "parse_args", parse)
    module._parse([])
    return found


def test_options_without_a_value_are_left_out(tmp_path: Path) -> None:
    told = _told(tmp_path, "a folder", "cut_layers+=stem stage1", "cv=", "results=a b")
    expected = ["a folder", "--cut-layers", "stem", "stage1", "--results", "a b"]
    assert told == ["pipelines/transfer_cases.py", *expected]
    assert _told(tmp_path, "a*", "cases+=") == ["pipelines/transfer_cases.py", "a*"]


def _told(folder: Path, *arguments: str) -> list[str]:
    """What python is called with by the script of the entry points."""
    python = folder / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(ROOT / "mlflow/recipe"), "transfer_cases", *arguments],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture
def photos(shared_data: Path, tmp_path: Path) -> Path:
    """Eight photos of cats and eight of dogs, and a table of them."""
    rows = []
    for label in ("cats", "dogs"):
        folder = tmp_path / "photos" / label
        folder.mkdir(parents=True)
        source = shared_data / "cats_vs_dogs" / "train" / label
        for photo in sorted(source.glob("*.jpg"))[:8]:
            shutil.copy(photo, folder)
            rows.append((f"photos/{label}/{photo.name}", photo.stat().st_size, label))
    table = pd.DataFrame(rows, columns=["photo", "size", "label"])
    table.to_csv(tmp_path / "photos.csv", index=False)
    return tmp_path / "photos"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("entry", sorted(IN_FEW_STEPS))
def test_mlflow_runs_the_recipe(entry: str, photos: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    settings = dict(item.split("=") for item in IN_FEW_STEPS[entry].split())
    for written in {"results", "report"} & set(ENTRIES[entry]["parameters"]):
        settings[written] = str(tmp_path / f"my {written}")
    is_table = "manifest" in ENTRIES[entry]["parameters"]
    settings |= {"manifest": "photos.csv"} if is_table else {"folder": "photos"}
    values = [f"{k}={v.replace(',', ' ')}" for k, v in settings.items()]
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", "run", str(ROOT / "mlflow"), "-e", entry]
        + [part for value in values for part in ("-P", value)]
        + ["--env-manager", "local"],
        cwd=tmp_path,
        env=_environment(uri),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("hybridml")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    (top,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    assert 0 <= top.data.metrics["score"] <= 1
    for written in {"results", "report"} & set(settings):
        assert re.search("score", Path(settings[written]).read_text(encoding="utf-8"))


def _environment(uri: str) -> dict[str, str]:
    beside = Path(sys.executable).parent
    return {
        **os.environ,
        "MLFLOW_TRACKING_URI": uri,
        "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
