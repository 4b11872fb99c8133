"""``hybridml fit`` and ``hybridml predict``: a model saved and used."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import TINY, Typed


def test_fitted_model_predicts_classes_and_probabilities(
    photos: Path, typed: Typed
) -> None:
    left = typed("fit", photos, "--output", "model.joblib", *TINY, "--cut-layer", "all")
    assert (left.code, left.out) == (0, "")
    assert "hybridml predict model.joblib" in left.err
    images = [photos / "light" / "3.png", photos / "dark" / "1.png"]
    predicted = typed("predict", "model.joblib", *images, "--output", "found.csv")
    assert (predicted.code, predicted.out) == (0, "")
    table = pd.read_csv("found.csv")
    assert list(table.columns) == ["image", "label", "p_dark", "p_light"]
    assert table["image"].tolist() == [str(path) for path in images]
    assert table["label"].tolist() == ["light", "dark"]
    np.testing.assert_allclose(table[["p_dark", "p_light"]].sum(axis=1), 1.0)


def test_predictions_of_a_folder_go_to_stdout(photos: Path, typed: Typed) -> None:
    typed("fit", photos, "--output", "model.joblib", *TINY)
    left = typed("predict", "model.joblib", photos)
    lines = left.out.splitlines()
    assert lines[0] == "image,label,p_dark,p_light"
    assert len(lines) == 1 + 18


@pytest.mark.parametrize("case", [0, 1, 4])
def test_every_case_has_probabilities(case: int, photos: Path, typed: Typed) -> None:
    options = ("--case", case, "--epochs", "1", "--augmentation", "none")
    typed("fit", photos, "--output", "model.joblib", *TINY, *options)
    left = typed("predict", "model.joblib", photos / "dark")
    assert left.out.startswith("image,label,p_dark,p_light\n")


def test_split_is_learned_on_train_and_scored_on_the_others(
    split_photos: Path, typed: Typed
) -> None:
    left = typed("fit", split_photos, "--output", "model.joblib", *TINY)
    assert "on 12 images" in left.err
    assert "Accuracy on the 6 images of val: " in left.err
    assert "Accuracy on the 4 images of test: " in left.err


def test_options_reach_the_model(photos: Path, typed: Typed) -> None:
    options = "--head logistic --head ridge --cut-layer conv1 --random-state 3"
    size = ("--image-size", "32", "--no-store")
    typed("fit", photos, "--output", "m.joblib", *TINY, *options.split(), *size)
    model = joblib.load("m.joblib")
    kept = model.get_params()
    assert (kept["head"], kept["cut_layer"]) == (["logistic", "ridge"], "conv1")
    assert (kept["random_state"], kept["image_size"]) == (3, 32)
    assert (kept["weights"], kept["store"], kept["verbose"]) == (None, None, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("fit {photos}", 2, "--output"),
        ("fit {photos} --output gone/model.joblib", 2, "There is no folder"),
        ("fit {photos} --output m.joblib --case 7", 4, "case=7"),
        ("fit {photos} --output m.joblib --head svn", 4, "head='svn'"),
        ("fit {photos} --output m.joblib --epochs -1 --case 2", 4, "epochs=-1"),
        ("fit gone --output m.joblib", 3, "path='gone'"),
        ("predict gone.joblib {photos}", 3, "No such file"),
        ("predict {photos}/dark/0.png {photos}", 3, "expected a model that"),
    ],
)
def test_bad_input_is_a_message_and_an_exit_code(
    arguments: str, code: int, said: str, photos: Path, typed: Typed
) -> None:
    given = arguments.format(photos=photos).split()
    left = typed(*given, *(TINY if given[0] == "fit" else ()))
    assert left.code == code, left.err
    assert left.out == ""
    assert said in " ".join(left.err.replace("│", " ").split())
    assert "Traceback" not in left.err
    assert not Path("m.joblib").exists()


def test_file_that_holds_no_model_is_refused(photos: Path, typed: Typed) -> None:
    joblib.dump({"a": 1}, "dict.joblib")
    left = typed("predict", "dict.joblib", photos)
    assert left.code == 3
    assert "It holds a dict." in left.err


def test_images_that_cannot_be_read_are_all_named(photos: Path, typed: Typed) -> None:
    typed("fit", photos, "--output", "model.joblib", *TINY)
    Path("broken.png").write_text("This is no image.")
    images = ("broken.png", photos / "dark" / "0.png", "missing.png")
    left = typed("predict", "model.joblib", *images)
    assert (left.code, left.out) == (3, "")
    assert "broken.png" in left.err
    assert "missing.png" in left.err


def test_folder_without_images_is_refused(
    photos: Path, typed: Typed, tmp_path: Path
) -> None:
    typed("fit", photos, "--output", "model.joblib", *TINY)
    (tmp_path / "empty").mkdir()
    left = typed("predict", "model.joblib", "empty")
    assert (left.code, left.out) == (3, "")
    assert "Found no images in 'empty'" in left.err
