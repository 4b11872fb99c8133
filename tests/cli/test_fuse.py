"""``hybridml fuse``: from a table of photos, texts and numbers to a named winner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import TINY, Typed, save_photo

COLUMNS = ("--target", "kind", "--image", "photo", "--tabular", "light,size")
QUICK = (*TINY, "--kind", "late", "--combine", "mean", "--cv", "2", "--no-tracking")
N_ROWS = 20
BAD_DATA, BAD_NAME = 3, 4


@pytest.fixture(scope="session")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table beside its photos, with a gap, and a file that does not exist."""
    root = tmp_path_factory.mktemp("pets")
    random = np.random.default_rng(0)
    kinds = ["dark", "light"] * (N_ROWS // 2)
    for number, kind in enumerate(kinds):
        save_photo(root / "photos" / f"{number}.png", kind, number)
    photos: list[str | None] = [f"photos/{number}.png" for number in range(N_ROWS)]
    photos[3] = None
    is_light = np.array([kind == "light" for kind in kinds])
    table = pd.DataFrame(
        {
            "photo": photos,
            "note": [f"a {kind} one, number {n}" for n, kind in enumerate(kinds)],
            "light": is_light + random.normal(0, 0.3, N_ROWS),
            "size": random.normal(0, 1, N_ROWS),
            "part": ["train"] * 12 + ["val"] * 6 + ["test"] * 2,
            "kind": kinds,
        }
    )
    table.to_csv(root / "pets.csv", index=False)
    return root / "pets.csv"


def test_leaderboard_and_verdict_are_shown(pets: Path, typed: Typed) -> None:
    left = typed("fuse", "--manifest", pets, *COLUMNS, *QUICK)
    assert left.code == 0
    assert "20 rows of 2 classes; fused: photo, tabular; in about 15 min" in left.err
    assert "2-fold cross-validation, stratified." in left.err
    assert "Leaderboard (accuracy, mean over the folds)" in left.out
    for name in ("late fusion (mean)", "photo alone", "tabular alone", "guessing"):
        assert name in left.out
    assert max(map(len, left.out.splitlines()[:9])) <= 80
    assert "wins with" in left.out
    assert "times an image or a sound went through a network." in left.out


@pytest.mark.slow
def test_second_run_goes_on_where_the_first_was(pets: Path, typed: Typed) -> None:
    command = ("fuse", "--manifest", pets, *COLUMNS, *QUICK)
    first, second, third = (typed(*command, *more) for more in ((), (), ("--fresh",)))
    assert "were known from an earlier run" not in first.out
    assert "8 of 8 folds were known from an earlier run" in second.out
    assert "No image or sound went through a network" in third.out


def test_json_is_alone_on_stdout(pets: Path, typed: Typed) -> None:
    left = typed("fuse", "--manifest", pets, *COLUMNS, *QUICK, "--json")
    assert left.code == 0
    found = json.loads(left.out)
    assert {row["kind"] for row in found["table"]} == {"alone", "late", "baseline"}
    assert found["winner"] == found["table"][0]
    assert "Leaderboard" in left.err


def test_own_split_is_used_and_said(
    pets: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _intercept(monkeypatch)
    left = typed("fuse", "--manifest", pets, *COLUMNS, "--split", "part")
    expected = "learned on 12 rows (train), scored on 6 (val). The 2 test rows take no"
    assert expected in left.err
    ((train, scored),) = seen["cv"]
    assert seen["X"]["part"].iloc[train].tolist() == ["train"] * 12
    assert seen["X"]["part"].iloc[scored].tolist() == ["val"] * 6
    assert len(seen["X"]) == 18


def test_missing_files_are_missing_modalities(
    pets: Path, typed: Typed, tmp_path: Path
) -> None:
    table = pd.read_csv(pets)
    table["photo"] = str(pets.parent) + "/" + table["photo"]
    table.loc[0, "photo"] = "gone.png"
    table.to_csv(tmp_path / "gone.csv", index=False)
    left = typed("fuse", "--manifest", "gone.csv", *COLUMNS, *QUICK)
    assert left.code == 0
    assert "'photo' names 1 files that do not exist: 'gone.png'" in left.err
    assert "count as missing" in left.err


@pytest.mark.slow
def test_results_are_kept(pets: Path, typed: Typed) -> None:
    files = ("--save", "w.joblib", "--plot", "p.svg", "--report", "r.html")
    left = typed("fuse", "--manifest", pets, *COLUMNS, *QUICK, *files)
    assert left.code == 0
    assert "Model: w.joblib (joblib.load('w.joblib').predict(table))" in left.err
    assert Path("p.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert "compare_fusion(" in Path("r.html").read_text(encoding="utf-8")
    model = joblib.load("w.joblib")
    table = pd.read_csv(pets).drop(columns="kind")
    table["photo"] = str(pets.parent) + "/" + table["photo"]
    assert model.predict(table).shape == (N_ROWS,)
    refused = typed("predict", "w.joblib", pets.parent / "photos")
    assert refused.code == BAD_DATA
    assert "fuses columns of a table" in refused.err


def test_options_reach_the_comparison(
    pets: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _intercept(monkeypatch)
    options = (
        "--text note --kind early --head ridge --combine stack --method gated --cv 3 "
        "--scoring f1_macro --task classification --time-budget 2 --backbone lenet5 "
        "--weights none --image-size 32 --no-store --jobs 2 --random-state 5 --fresh "
        "--no-tracking"
    )
    assert typed("fuse", "--manifest", pets, *COLUMNS, *options.split()).code == 130
    photo, note, table = seen.pop("modalities")
    network = photo[1].get_params()
    given = ("backbone", "weights", "image_size", "store", "n_jobs")
    assert [network[name] for name in given] == ["lenet5", None, 32, None, 2]
    assert note == ("note", "text", "note")
    assert table == ("tabular", "tabular", ["light", "size"])
    assert type(seen.pop("tracker")).__name__ == "NullTracker"
    assert seen.pop("X").shape == (N_ROWS, 5)
    assert sorted(set(seen.pop("y"))) == ["dark", "light"]
    seen.pop("on_step")
    assert seen == {
        "kinds": ["early"],
        "heads": ["ridge"],
        "combinations": ["stack"],
        "methods": ["gated"],
        "cv": 3,
        "scoring": "f1_macro",
        "task": "classification",
        "time_budget_s": 120.0,
        "store": None,
        "n_jobs": 2,
        "random_state": 5,
        "journal": None,
    }


def _intercept(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let nothing be compared; return what would have been."""
    seen: dict[str, Any] = {}

    def compare(X: pd.DataFrame, y: Any, **parameters: Any) -> None:
        seen.update(parameters, X=X, y=y)
        raise KeyboardInterrupt

    monkeypatch.setattr("hybridml.fusion.compare_fusion", compare)
    return seen


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("", 2, "nothing to fuse. Say what the columns are"),
        ("--text notes --image photo", BAD_NAME, "Did you mean 'note'"),
        ("--text note --target kin", BAD_NAME, "Did you mean 'kind'"),
        ("--text note", BAD_NAME, "two modalities or more"),
        ("--text note --text kind", 2, "'kind' is fused, and cannot be --target"),
        ("--text note --image photo --split size", BAD_DATA, "split='size'"),
        ("--text note --tabular size --kind lat", BAD_NAME, "Did you mean 'late'"),
        ("--text note --tabular size --kind late --combine sum", BAD_NAME, "sum"),
        ("--image note --tabular size", BAD_DATA, "names 20 files that do not exist"),
        ("--text note --tabular size --store a --no-store", 2, "not both"),
        ("--text note --tabular size --report gone/r.html", 2, "There is no folder"),
    ],
)
def test_bad_input_is_a_message_and_an_exit_code(
    arguments: str, code: int, said: str, pets: Path, typed: Typed
) -> None:
    given = arguments.split()
    target = () if "--target" in given else ("--target", "kind")
    left = typed("fuse", "--manifest", pets, *target, *given, "--no-tracking")
    assert left.code == code, left.err
    assert left.out == ""
    unboxed = " ".join(left.err.replace("│", " ").split())
    assert said in unboxed
    assert "Traceback" not in left.err
