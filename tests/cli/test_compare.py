"""``hybridml compare``: from a folder to a named winner."""

from __future__ import annotations

import json
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pytest

from hybridml.cli import run
from hybridml.comparing import trials
from hybridml.comparing.fold_result import FoldResult
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.comparison import COLUMNS
from tests.cli.conftest import TINY, Outcome, Typed

QUICK = (*TINY, "--case", "0", "--case", "1", "--head", "linear_svm", "--no-tracking")
# The least that there is to compare, where it does not matter what.
ONE_CASE = (*TINY, "--case", "0", "--no-tracking")


@pytest.fixture(scope="module")
def known_home(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which `QUICK` has been compared in two folds."""
    home = tmp_path_factory.mktemp("known")
    with pytest.MonkeyPatch.context() as patch:
        _live_in(home, patch)
        assert run(["compare", str(photos), *QUICK, "--cv", "2"]) == 0
    return home


@pytest.fixture
def compared(
    known_home: Path, typed: Typed, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> Typed:
    """Compare what is known, with more options: the folds are not run again."""
    _live_in(known_home, monkeypatch)
    return partial(typed, "compare", photos, *QUICK, "--cv", "2")


def _live_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("HYBRIDML_STORE", str(home / "store"))
    patch.setenv("HYBRIDML_JOURNAL", str(home / "journal"))


def test_own_split_is_used_and_said(split_photos: Path, typed: Typed) -> None:
    left = typed("compare", split_photos, *QUICK)
    assert left.code == 0
    expected = "learned on 12 images (train), scored on 6 (val). The 4 test images take"
    assert expected in left.err
    assert "Leaderboard (accuracy)" in left.out
    assert "Case 1, where to cut" in left.out
    assert "case 0 (lenet5, logits, class map)" in " ".join(left.out.split())


def test_folder_without_split_is_cross_validated(photos: Path, typed: Typed) -> None:
    left = typed("compare", photos, *ONE_CASE)
    assert left.code == 0
    assert (
        "18 images of 2 classes; each case on the same ones, in about 20 min"
        in left.err
    )
    assert "5-fold cross-validation, stratified." in left.err
    assert left.err.count(", fold ") == 10


@pytest.mark.parametrize(
    ("layers", "shown"), [("ensemble", "ensemble"), ("all", "fc1")]
)
def test_names_of_several_layers_are_understood(
    layers: str, shown: str, photos: Path, typed: Typed
) -> None:
    case_1 = (*TINY, "--case", "1", "--head", "ridge", "--no-tracking")
    left = typed("compare", photos, *case_1, "--cv", "2", "--cut-layer", layers)
    assert left.code == 0
    assert shown in left.out
    assert ("Case 1, where to cut" in left.out) == (layers == "all")


def test_manifest_is_read(manifest: Path, typed: Typed) -> None:
    columns = ("--image", "file", "--target", "kind", "--split", "part")
    left = typed("compare", "--manifest", manifest, *columns, *ONE_CASE)
    assert left.code == 0
    assert "learned on 12 images (train), scored on 6 (val)." in left.err


def test_json_is_alone_on_stdout(compared: Typed) -> None:
    left = compared("--json")
    assert left.code == 0
    found = json.loads(left.out)
    assert [set(row) for row in found["table"]] == [set(COLUMNS)] * 5
    assert found["winner"] == found["table"][0]
    assert "Leaderboard" in left.err


@pytest.mark.slow
def test_second_run_says_that_nothing_was_forwarded(photos: Path, typed: Typed) -> None:
    again = ("compare", photos, *QUICK, "--cv", "2", "--fresh")
    first, second = (typed(*again) for _ in range(2))
    assert "Cases 0 and 1 forwarded 18 images, each once." in first.out
    assert "Cases 0 and 1 forwarded no image" in second.out


def test_without_a_store_images_are_forwarded_again(photos: Path, typed: Typed) -> None:
    left = typed("compare", photos, *ONE_CASE, "--cv", "2", "--no-store")
    assert "no store was used" in left.out


def test_store_can_be_named(photos: Path, typed: Typed, tmp_path: Path) -> None:
    typed("compare", photos, *ONE_CASE, "--cv", "2", "--store", tmp_path / "kept")
    assert list((tmp_path / "kept").rglob("data.mdb"))


def test_saved_winner_is_fitted_and_predicts(
    photos: Path, compared: Typed, typed: Typed
) -> None:
    left = compared("--save", "winner.joblib")
    assert left.code == 0
    assert set(joblib.load("winner.joblib").classes_) == {"dark", "light"}
    predicted = typed("predict", "winner.joblib", photos / "light")
    assert predicted.out.splitlines()[0] == "image,label,p_dark,p_light"


def test_plot_is_drawn(compared: Typed) -> None:
    left = compared("--plot", "scores.svg")
    assert left.code == 0
    assert Path("scores.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_options_reach_the_comparison(
    photos: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, object] = {}

    def compare(X: object, y: object, **parameters: object) -> None:
        seen.update(parameters)
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "hybridml.transfer.comparing.compare.compare_transfer_cases", compare
    )
    options = (
        "--case 3 --backbone resnet18 --head xgboost --cut-layer layer1 --cv 3 "
        "--scoring f1_macro --weights none --image-size 64 --epochs 7 "
        "--augmentation strong --scratch-backbone lenet5 --jobs 2 --random-state 5 "
        "--no-tracking --no-store"
    )
    assert typed("compare", photos, *options.split()).code == 130
    tracker, _ = seen.pop("tracker"), seen.pop("on_step")
    assert type(tracker).__name__ == "NullTracker"
    assert seen == {
        "cases": [3],
        "backbones": ["resnet18"],
        "heads": ["xgboost"],
        "cut_layers": ["layer1"],
        "cv": 3,
        "scoring": "f1_macro",
        "weights": None,
        "image_size": 64,
        "epochs": 7,
        "augmentation": "strong",
        "scratch_backbone": "lenet5",
        "n_jobs": 2,
        "random_state": 5,
        "store": None,
    }


def test_time_budget_is_given_in_minutes(
    photos: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def compare(X: object, y: object, **parameters: object) -> None:
        seen.append(parameters.get("time_budget_s", "the library's"))
        raise KeyboardInterrupt

    home = "hybridml.transfer.comparing.compare"
    monkeypatch.setattr(f"{home}.compare_transfer_cases", compare)
    typed("compare", photos, "--no-tracking")
    said = typed("compare", photos, "--no-tracking", "--time-budget", "0").err
    assert "without a time limit" in said
    said = typed("compare", photos, "--no-tracking", "--time-budget", "2.5").err
    assert "in about 2.5 minutes" in said
    assert seen == ["the library's", None, 150.0]


def test_second_run_goes_on_where_the_first_was(photos: Path, typed: Typed) -> None:
    first, second = (typed("compare", photos, *QUICK, "--cv", "2") for _ in range(2))
    assert "Cases 0 and 1 forwarded 18 images" in first.out
    assert "10 of 10 folds were known from an earlier run" in second.out
    table = [line for line in first.out.splitlines() if "lenet5" in line]
    assert table == [line for line in second.out.splitlines() if "lenet5" in line]


def test_interrupted_comparison_shows_its_table_and_says_so(
    photos: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_trial = trials.run_trial

    def interrupted(candidate: Candidate, *rest: Any) -> FoldResult:
        if candidate.case == 1:
            raise KeyboardInterrupt
        return run_trial(candidate, *rest)

    monkeypatch.setattr(trials, "run_trial", interrupted)
    left = typed("compare", photos, *QUICK, "--cv", "2")
    assert left.code == 130
    assert "Interrupted: the table stands on 4 of 10 folds." in left.err
    assert "case 1 (lenet5): 0 of 2 folds: interrupted" in left.out


def test_report_is_written(compared: Typed) -> None:
    left = compared("--report", "report.html")
    assert left.code == 0
    text = Path("report.html").read_text(encoding="utf-8")
    assert "compare_transfer_cases(" in text


@pytest.mark.slow
def test_counts_are_a_regression_where_it_is_said(manifest: Path, typed: Typed) -> None:
    table, counts = pd.read_csv(manifest), manifest.with_name("counts.csv")
    table.assign(count=range(len(table))).to_csv(counts, index=False)
    columns = ("--image", "file", "--target", "count", "--cv", "2")
    left = typed(
        "compare", "--manifest", counts, *columns, *TINY, "--case", "1",
        "--task", "regression", "--no-tracking",
    )  # fmt: skip
    assert left.code == 0
    assert "images with numbers" in left.err
    assert "Leaderboard (r2" in left.out


@pytest.mark.slow
def test_runs_are_in_mlflow_under_the_experiment_named(
    photos: Path, typed: Typed, tmp_path: Path
) -> None:
    place = ("--tracking-uri", "sqlite:///runs.db", "--experiment", "pets")
    left = typed("compare", photos, *QUICK[:-1], "--cv", "2", *place)
    assert left.code == 0
    assert "runs.db" in left.err
    with sqlite3.connect(tmp_path / "runs.db") as database:
        query = (
            "select count(*) from runs join experiments using (experiment_id) "
            "where experiments.name = 'pets' and runs.status = 'FINISHED'"
        )
        assert database.execute(query).fetchone() == (1 + 5 + 5 * 2,)


BAD_DATA = 3
BAD_NAME = 4


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("gone", BAD_DATA, "path='gone'; expected a folder of images"),
        ("{photos} --backbone lenet6", BAD_NAME, "Did you mean 'lenet5'"),
        ("{photos} --cut-layer conv9", BAD_NAME, "conv9"),
        ("{photos} --head linear_smv", BAD_NAME, "Did you mean 'linear_svm'"),
        ("{photos} --scoring acuracy", BAD_NAME, "Did you mean 'accuracy'"),
        ("{photos} --case 5", BAD_NAME, "case=5"),
        ("{photos} --cv 1", BAD_NAME, "cv=1"),
        ("{photos} --cv 99", BAD_DATA, "99 folds need at least 99 images"),
        ("{photos} --weights default", 5, "no published weights"),
        ("{photos} --weights gone.pth", 5, "gone.pth"),
        ("", 2, "either a FOLDER or --manifest"),
        ("{photos} --manifest x.csv", 2, "either a FOLDER or --manifest"),
        ("--manifest gone.csv", BAD_DATA, "gone.csv"),
        ("{photos} --target kind", 2, "go with --manifest"),
        ("{photos} --save gone/model.joblib", 2, "There is no folder"),
        ("{photos} --plot scores.doc", 2, "should end in one of"),
        ("{photos} --store a --no-store", 2, "not both"),
        ("{photos} --cv many", 2, "--cv"),
    ],
)
def test_bad_input_is_a_message_and_an_exit_code(
    arguments: str, code: int, said: str, photos: Path, typed: Typed
) -> None:
    given = arguments.format(photos=photos).split()
    defaults = () if "--backbone" in given or "--weights" in given else TINY
    if "--weights" in given:
        defaults = ("--backbone", "lenet5")
    case = () if "--case" in given else ("--case", "1")
    left = typed("compare", *given, *defaults, *case, "--no-tracking")
    _check_refused(left, code, said)


@pytest.mark.parametrize("damage", ["empty", "one class", "one image", "text"])
def test_bad_folder_is_refused(damage: str, typed: Typed, tmp_path: Path) -> None:
    from tests.cli.conftest import save_photo

    root = tmp_path / "bad"
    root.mkdir()
    counts = {"empty": {}, "one class": {"dark": 3}, "one image": {"dark": 1}}
    for name, count in counts.get(damage, {"dark": 4, "light": 4}).items():
        for number in range(count):
            save_photo(root / name / f"{number}.png", name, number)
    if damage == "one image":
        save_photo(root / "light" / "0.png", "light", 0)
    if damage == "text":
        (root / "dark" / "0.png").write_text("This is no image.")
    left = typed("compare", root, *QUICK, "--cv", "2")
    expected = {"one image": "images in each class|at least 2", "text": "0.png"}
    said = {"empty": "no images", "one class": "two classes", **expected}[damage]
    assert left.code == BAD_DATA
    assert any(part in left.err for part in said.split("|"))
    assert "Traceback" not in left.err


def _check_refused(left: Outcome, code: int, said: str) -> None:
    assert left.code == code, left.err
    assert left.out == ""
    # A usage error stands in a box, which may break it into lines.
    unboxed = " ".join(left.err.replace("│", " ").split())
    assert said in unboxed
    assert "Traceback" not in left.err


def test_options_of_ray_go_with_its_engine(photos: Path, typed: Typed) -> None:
    left = typed("compare", photos, "--address", "head:6379")
    assert left.code == 2
    assert "go with --engine ray" in " ".join(left.err.replace("│", " ").split())
