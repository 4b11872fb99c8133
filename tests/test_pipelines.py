"""The recipes of pipelines/, each run on a tiny generated folder of photos."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from mlflow import MlflowClient
from PIL import Image

from hybridml import FeatureStore
from hybridml.testing import make_photos, register_tiny_backbone

FOLDER = Path(__file__).resolve().parents[1] / "pipelines"
RECIPES = sorted(FOLDER.glob("*.py"))
N_PHOTOS = 24

Recipe = Callable[..., None]


class Ran(NamedTuple):
    """A recipe that has run: the working folder, and the lines that it printed."""

    folder: Path
    printed: list[str]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two classes, with splits; the working folder is the one above it."""
    monkeypatch.chdir(tmp_path)
    return _make_photos(tmp_path)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return _run_apart(_search, tmp_path_factory.mktemp("searched"))


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return _run_apart(_sweep, tmp_path_factory.mktemp("swept"))


def _run_apart(recipe: Callable[[Path], None], folder: Path) -> Ran:
    """Run a recipe for several tests, as each of them would do by itself."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
        patch.chdir(folder)
        patch.setenv("HYBRIDML_STORE", str(folder / "store"))
        patch.setenv("HYBRIDML_JOURNAL", str(folder / "journal"))
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        recipe(_make_photos(folder))
    return Ran(folder, out.getvalue().splitlines())


def _make_photos(above: Path) -> Path:
    register_tiny_backbone()
    images, labels = make_photos(N_PHOTOS)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        split = "train" if number < N_PHOTOS * 2 // 3 else "val"
        folder = above / "photos" / split / label
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:02d}.png")
    return above / "photos"


@pytest.mark.slow
def test_transfer_cases_names_the_winner_and_where_runs_are(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _compare(photos, "--epochs", "1", "--cv", "2")
    printed = capsys.readouterr().out.splitlines()
    assert re.match(r"case \d \(tiny, .*\) wins with \d\.\d+", printed[-2])
    assert printed[-1].startswith("Runs are recorded in MLflow")
    assert str(Path.cwd() / "mlflow.db") in printed[-1]
    parent = _run_with("hybridml.kind = 'comparison'")
    assert parent.data.tags["hybridml.winner"] == printed[-2].split(" wins with ")[0]
    assert parent.data.tags["hybridml.cases"] == "0, 1, 2, 3, 4"
    assert parent.data.params["n_images"] == str(N_PHOTOS)
    assert parent.data.params["n_folds"] == "2"


def test_transfer_cases_scores_on_the_split_that_is_named(photos: Path) -> None:
    _compare(photos, "--cases", "0", "--score-on", "val")
    fold = _run_with("hybridml.case = '0' AND attributes.run_name = 'case 0, fold 1'")
    assert fold.data.metrics["n_train"] == N_PHOTOS * 2 // 3
    assert fold.data.metrics["n_test"] == N_PHOTOS // 3


def test_cut_layer_search_forwards_each_photo_once(searched: Ran) -> None:
    stats = FeatureStore(searched.folder / "store").stats()
    assert stats["images_forwarded"] == N_PHOTOS


def test_cut_layer_search_writes_a_row_per_combination(searched: Ran) -> None:
    results = pd.read_csv(searched.folder / "found.csv")
    layers = ["stem", "stage1", "penultimate"]
    assert sorted(results["param_features__cut_layer"]) == sorted(layers * 6)
    assert sorted(results["head"]) == ["linear_svm"] * 9 + ["ridge"] * 9
    assert results["mean_test_score"].is_monotonic_decreasing
    assert results["split2_test_score"].between(0, 1).all()


def test_cut_layer_search_records_the_best_row(
    searched: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(searched.folder)
    assert searched.printed[-2:-1] == ["All 18 rows: found.csv"]
    assert searched.printed[-1].startswith("Runs are recorded in MLflow")
    best = pd.read_csv("found.csv").iloc[0]
    run = _run_with("hybridml.case = '1'")
    assert run.info.status == "FINISHED"
    assert run.data.metrics["score"] == pytest.approx(best["mean_test_score"])
    assert run.data.tags["hybridml.head"] == best["head"]
    cut_layer = best["param_features__cut_layer"]
    assert run.data.tags["hybridml.cut_layer"] == cut_layer
    assert run.data.params["features__cut_layer"] == cut_layer
    files = _client().list_artifacts(run.info.run_id)
    assert [file.path for file in files] == ["found.csv"]


def test_cut_layer_search_records_each_head_and_candidate(
    searched: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(searched.folder)
    search = _run_with("hybridml.kind = 'search' AND hybridml.head = 'ridge'")
    above = _run_with("hybridml.case = '1'")
    assert search.data.tags["mlflow.parentRunId"] == above.info.run_id
    found = _client().search_runs(
        [search.info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{search.info.run_id}'",
    )
    assert len(found) == 9
    layers = {run.data.tags["hybridml.cut_layer"] for run in found}
    assert layers == {"stem", "stage1", "penultimate"}
    best = max(run.data.metrics["score"] for run in found)
    assert search.data.metrics["score"] == pytest.approx(best)


def test_cut_layer_search_keeps_to_the_split_that_is_named(photos: Path) -> None:
    _search(photos, "--split", "train")
    run = _run_with("hybridml.case = '1'")
    assert run.data.params["n_images"] == str(N_PHOTOS * 2 // 3)


def test_fine_tuning_sweep_writes_a_row_per_combination(swept: Ran) -> None:
    assert swept.printed[-2] == "All 4 rows: found.csv"
    assert swept.printed[-1].startswith("Runs are recorded in MLflow")
    results = pd.read_csv(swept.folder / "found.csv")
    tried = results[["param_trainable", "param_learning_rate"]]
    assert sorted(tried.itertuples(index=False, name=None)) == [
        ("head", 0.001),
        ("head", 0.01),
        ("last2", 0.001),
        ("last2", 0.01),
    ]
    assert results["mean_test_score"].is_monotonic_decreasing


def test_fine_tuning_sweep_records_winner_and_every_epoch(
    swept: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(swept.folder)
    best = pd.read_csv("found.csv").iloc[0]
    search = _run_with("hybridml.kind = 'search'")
    assert search.data.params["n_images"] == str(N_PHOTOS)
    assert search.data.params["trainable"] == best["param_trainable"]
    assert search.data.tags["hybridml.backbone"] == "tiny"
    assert search.data.metrics["score"] == pytest.approx(best["mean_test_score"])
    fits = _client().search_runs(
        [search.info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{search.info.run_id}' "
        "AND tags.`hybridml.kind` = 'fine-tuning'",
    )
    assert len(fits) == 8
    for fit in fits:
        losses = _client().get_metric_history(fit.info.run_id, "valid_loss")
        assert sorted(point.step for point in losses) == [0, 1, 2]
        assert fit.data.params["trainable"] in {"head", "last2"}


def test_fusion_comparison_names_the_winner_and_where_runs_are(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _fuse(photos, "--report", "found.html")
    printed = capsys.readouterr().out.splitlines()
    assert re.match(r"\w[\w ()]* wins with \d\.\d+", printed[-3])
    assert printed[-2] == "Report: found.html"
    assert "compare_fusion(" in Path("found.html").read_text(encoding="utf-8")
    assert printed[-1].startswith("Runs are recorded in MLflow")
    parent = _run_with("hybridml.kind = 'comparison'")
    assert parent.data.params["n_folds"] == "2"
    table = printed[-12:-3]
    for name in ("photo alone", "note alone", "table alone", "late fusion (mean)"):
        assert [line for line in table if name in line]


def test_fusion_comparison_takes_numbers_as_texts_and_gaps(photos: Path) -> None:
    recipe = _recipe_module("fusion_comparison")
    table = pd.DataFrame({"note": [1.0, None], "size": [2, 3]})
    read = recipe._with_texts(table, ["note"])
    assert read["note"][0] == "1.0"
    assert read["note"].isna().tolist() == [False, True]
    assert read["size"].tolist() == [2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_recipe_is_a_script_with_help(recipe: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(recipe), "--help"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert re.search(r"usage: .*(folder|manifest)", done.stdout, re.DOTALL)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_readme_and_these_tests_know_the_recipe(recipe: Path) -> None:
    assert f"`{recipe.name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")
    tests = Path(__file__).read_text(encoding="utf-8")
    assert f'_recipe("{recipe.stem}")' in tests


def _compare(photos: Path, *options: str) -> None:
    _recipe("transfer_cases")([str(photos), "--backbones", "tiny", *options])


def _search(photos: Path, *options: str) -> None:
    settings = "--backbone tiny --heads linear_svm ridge --cv 3 --results found.csv"
    _recipe("cut_layer_search")([str(photos), *settings.split(), *options])


def _sweep(photos: Path) -> None:
    settings = "--backbone tiny --trainable head last2 --learning-rates 0.001 0.01"
    rest = "--epochs 2 --cv 2 --results found.csv"
    _recipe("fine_tuning_sweep")([str(photos), *settings.split(), *rest.split()])


def _fuse(photos: Path, *options: str) -> None:
    """Run the recipe on a table of the photos; a photo and a note are missing."""
    paths = sorted(photos.rglob("*.png"))
    table = pd.DataFrame(
        {
            "photo": [str(path.relative_to(photos.parent)) for path in paths],
            "note": [f"seen in {path.parent.name}" for path in paths],
            "size": range(len(paths)),
            "label": [path.parent.name for path in paths],
        }
    )
    table.loc[1, "photo"] = table.loc[2, "note"] = None
    table.to_csv("photos.csv", index=False)
    settings = "--target label --images photo --texts note --tabular size --cv 2"
    quick = "--kinds late --backbone tiny"
    arguments = ["photos.csv", *settings.split(), *quick.split(), *options]
    _recipe("fusion_comparison")(arguments)


def _recipe(name: str) -> Recipe:
    main: Recipe = _recipe_module(name).main
    return main


def _recipe_module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _client() -> MlflowClient:
    # MLflow keeps its connections by address: it has to be an absolute one.
    return MlflowClient(f"sqlite:///{Path.cwd() / 'mlflow.db'}")


def _run_with(tags: str) -> Any:
    """The one run in mlflow.db that has these tags."""
    query = re.sub(r"(?<!\.)hybridml\.(\w+)", r"tags.`hybridml.\1`", tags)
    client = _client()
    experiment = client.get_experiment_by_name("hybridml")
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id], query)
    return found
