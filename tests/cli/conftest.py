"""What the tests of the command line share: photos, and a way to type a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from hybridml.cli import run
from hybridml.cli.terminal import to_stderr, to_stdout

# A tiny network with random weights: nothing has to be found, and it is quick.
TINY = ("--backbone", "lenet5", "--weights", "none")
N_PER_CLASS = 9


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Typed = Callable[..., Outcome]


@pytest.fixture
def typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Typed:
    """Run a command line in an empty folder, as a process would, 80 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    to_stderr.cache_clear()
    to_stdout.cache_clear()

    def type_in(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Outcome(code, *capsys.readouterr())

    return type_in


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders dark and light."""
    root = tmp_path_factory.mktemp("photos")
    for name in ("dark", "light"):
        for number in range(N_PER_CLASS):
            save_photo(root / name / f"{number}.png", name, number)
    return root


@pytest.fixture(scope="session")
def split_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders train, val and test of class folders: 12, 6 and 4 photos."""
    root = tmp_path_factory.mktemp("split_photos")
    for split, n_photos in (("train", 6), ("val", 3), ("test", 2)):
        for name in ("dark", "light"):
            for number in range(n_photos):
                path = root / split / name / f"{number}.png"
                save_photo(path, name, 100 * n_photos + number)
    return root


@pytest.fixture(scope="session")
def manifest(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with the columns file, kind and part."""
    lines = ["file,kind,part"]
    for path in sorted(photos.rglob("*.png")):
        part = "Train" if int(path.stem) < 6 else "validation"
        lines.append(f"{path},{path.parent.name},{part}")
    table = tmp_path_factory.mktemp("manifest") / "photos.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


def save_photo(path: Path, kind: str, seed: int) -> None:
    random = np.random.default_rng([seed, kind == "light"])
    pixels = random.integers(0, 99, (24, 24, 3)) + 150 * (kind == "light")
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
