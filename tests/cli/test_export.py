"""``hybridml export``: a saved model as an ONNX graph."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import joblib
import pytest
import sklearn

from hybridml._optional import is_installed
from hybridml.cli.model_files import save_fitted
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
    said = " ".join(left.err.split())
    assert "it has format 99, of hybridml 0" in said
    assert "this version reads format 1. Save it again with this one." in said
    assert not Path("pets.onnx").exists()


@pytest.mark.parametrize("kept_as", ["old.joblib", "old"])
def test_steps_that_another_scikit_learn_has_saved_are_refused_by_name(
    kept_as: str, photos: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed("fit", photos, "--output", "model.joblib", *TINY, "--head", "rbf_svm")
    model = joblib.load("model.joblib")
    with monkeypatch.context() as then:
        then.setattr("sklearn.base.__version__", "1.5.2")
        save_fitted(model, Path(kept_as))
    left = typed("export", kept_as, "pets.onnx", "--images", photos)
    assert left.code == 5
    said = " ".join(left.err.split())
    here = sklearn.__version__
    assert f"steps of scikit-learn 1.5.2 while {here} is installed" in said
    assert "SVC (step 'head')" in said
    assert "Fit the model again, or run: pip install scikit-learn==1.5.2" in said
    assert not Path("pets.onnx").exists()


def test_trees_that_another_xgboost_has_fitted_are_refused_by_name(
    photos: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        then.setattr("xgboost.__version__", "2.1.4")
        typed("fit", photos, "--output", "model", *TINY, "--head", "xgboost")
    left = typed("export", "model", "pets.onnx", "--images", photos)
    assert left.code == 5
    said = " ".join(left.err.split())
    assert "Cannot export steps of xgboost 2.1.4 while 3" in said
    assert "XGBoostClassifier (step 'head')" in said
    assert "pip install xgboost==2.1.4" in said
    assert not Path("pets.onnx").exists()


def test_onnxruntime_that_is_too_old_is_named_with_both_versions(
    photos: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed("fit", photos, "--output", "model.joblib", *TINY)
    found = metadata.version
    monkeypatch.setattr(
        "importlib.metadata.version",
        lambda name: "1.19.2" if name == "onnxruntime" else found(name),
    )
    left = typed("export", "model.joblib", "pets.onnx", "--images", photos)
    assert left.code == 6
    said = " ".join(left.err.split())
    assert "needs the package 'onnxruntime' in a version >=1." in said
    assert "and 1.19.2 is installed" in said
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
