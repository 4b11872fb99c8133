"""``hybridml export``: a saved model as an ONNX graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybridml._optional import is_installed
from tests.cli.conftest import TINY, Typed

pytestmark = pytest.mark.skipif(
    not is_installed("onnxruntime"), reason="needs hybridml[onnx]"
)


@pytest.mark.slow
def test_exported_model_is_written_once_it_agrees(photos: Path, typed: Typed) -> None:
    assert typed("fit", photos, "--output", "model", *TINY).code == 0
    left = typed("export", "model", "pets.onnx", "--images", photos / "dark")
    assert (left.code, left.out) == (0, "")
    assert "Agrees with the model on 9 images: pets.onnx" in left.err
    assert Path("pets.onnx").stat().st_size > 1000


def test_model_of_another_version_is_refused_by_name(
    photos: Path, typed: Typed
) -> None:
    typed("fit", photos, "--output", "model", *TINY)
    (manifest,) = Path("model").rglob("hybridml.json")
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**told, "format": 99}))
    left = typed("export", manifest.parent, "pets.onnx", "--images", photos)
    assert left.code == 5
    assert "it has format 99" in " ".join(left.err.split())
    assert not Path("pets.onnx").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("gone out.onnx --images {photos}", 5, "Got model='gone'"),
        ("gone nowhere/out.onnx --images {photos}", 2, "There is no folder"),
        ("gone out.onnx", 2, "--images"),
    ],
)
def test_bad_input_is_a_message_and_an_exit_code(
    arguments: str, code: int, said: str, photos: Path, typed: Typed
) -> None:
    left = typed("export", *arguments.format(photos=photos).split())
    assert left.code == code, left.err
    assert said in " ".join(left.err.replace("│", " ").split())
    assert not Path("out.onnx").exists()
