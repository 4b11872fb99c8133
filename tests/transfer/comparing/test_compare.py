"""All cases see the same folds, nothing leaks, and each photo is forwarded once."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image
from sklearn.model_selection import ShuffleSplit

from hybridml import RecordingTracker, compare_transfer_cases
from hybridml.backbones.counting import images_forwarded
from hybridml.comparing import trials
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.progress import Step
from hybridml.comparing.trial import run_trial
from hybridml.exceptions import (
    DataError,
    ImageDecodeError,
    InvalidParameterError,
    UnknownBackboneError,
    UnknownCutLayerError,
    UnknownHeadError,
    WeightsError,
)
from hybridml.testing import make_photos, register_tiny_backbone
from hybridml.transfer import TransferComparison
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.comparison import COLUMNS

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


def _compare(photos: Photos, **changed: Any) -> TransferComparison:
    quick = {
        "backbones": "tiny",
        "heads": "ridge",
        "cv": 2,
        "epochs": 1,
        "store": None,
        "precision": "fp32",
    }
    return compare_transfer_cases(*photos, **{**quick, **changed})


@pytest.fixture(scope="module")
def every_case() -> TransferComparison:
    register_tiny_backbone()
    return _compare(make_photos(16), cv=2)


def test_table_has_a_row_a_case_the_best_first(every_case: TransferComparison) -> None:
    table = every_case.table
    assert tuple(table.columns) == COLUMNS
    assert sorted(table["candidate"]) == [
        "baseline",
        "case 0 (tiny)",
        "case 1 (tiny)",
        "case 1, all layers (tiny)",
        "case 1, ensemble (tiny)",
        "case 2 (tiny)",
        "case 3 (tiny)",
        "case 4 (tiny)",
    ]
    assert table["score"].is_monotonic_decreasing
    assert table.index.tolist() == list(range(8))
    assert every_case.winner["case"] == table.loc[0, "case"]
    costs = ["fit_time_s", "predict_ms_per_image", "model_mb", "images_forwarded"]
    assert (table.loc[table["case"].notna(), costs] > 0).all(axis=None)
    assert table["n_folds"].eq(2).all()
    assert table["note"].eq("").all()
    assert table["is_pareto"].any()
    inside = table["score"].between(table["score_low"], table["score_high"])
    assert inside.all()
    assert table["p_value"].isna().tolist() == [True] + [False] * 7


def test_ensemble_can_be_all_that_is_compared() -> None:
    found = _compare(make_photos(16), cases=1, cut_layers="ensemble")
    assert found.table["candidate"].tolist() == ["case 1 (tiny)", "baseline"]
    assert found.table.loc[0, ["cut_layer", "head"]].tolist() == [
        "ensemble",
        "logistic",
    ]


def test_of_equal_scores_the_lower_case_stands_first() -> None:
    table = _compare(make_photos(16), cases=[3, 1, 0, 2], cut_layers="stem").table
    assert (table["score"][:4] == 1.0).all()
    assert table["case"].tolist() == [0, 1, 2, 3, pd.NA]


def test_scores_that_differ_by_rounding_are_equal(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {0: [0.3, 0.2, 0.1], 1: [0.1, 0.2, 0.3]}  # summed up: not the same floats
    n_done = {0: 0, 1: 0, None: 0}

    def scored(candidate: Candidate, *rest: Any) -> FoldResult:
        score = scores.get(candidate.case, [0.0] * 3)[n_done[candidate.case]]
        n_done[candidate.case] += 1
        return replace(run_trial(candidate, *rest), score=score)

    monkeypatch.setattr(trials, "run_trial", scored)
    found = _compare(photos, cases=[1, 0], cv=3, cut_layers="stem")
    assert found.table["case"].tolist()[:2] == [0, 1]
    assert "scores the same." in found.verdict


def test_table_sums_the_folds_up(every_case: TransferComparison) -> None:
    folds = every_case.fold_scores
    columns = ["candidate", "case", "backbone", "fold"]
    assert folds.columns[:4].tolist() == columns
    assert {"fit_time_s", "n_train", "n_test", "best_epoch"} <= set(folds.columns)
    grouped = folds.groupby("candidate")["score"]
    table = every_case.table.set_index("candidate").sort_index()
    np.testing.assert_allclose(table["score"], grouped.mean())
    np.testing.assert_allclose(table["score_std"], grouped.std(ddof=1))
    is_trained = folds["case"] > 1
    assert folds["best_epoch"].isna().eq(~is_trained.fillna(False)).all()


def test_names_say_where_it_is_cut_and_what_follows(
    every_case: TransferComparison,
) -> None:
    names = every_case.table.set_index("candidate")[["cut_layer", "head"]]
    assert names.loc["case 0 (tiny)"].tolist() == ["logits", "class map"]
    searched = names.loc["case 1 (tiny)"]
    assert searched["cut_layer"] in ("stem", "stage1", "penultimate")
    assert searched["head"] == "ridge"
    selected = names.loc["case 1, all layers (tiny)"]
    assert selected.tolist() == ["all layers", "logistic"]
    assert names.loc["case 1, ensemble (tiny)"].tolist() == ["ensemble", "logistic"]
    assert names.loc["case 3 (tiny)"].tolist() == ["penultimate", "linear"]
    assert names.loc["baseline"].tolist() == ["", "prior"]


def test_layer_scores_are_those_of_the_inner_folds(
    every_case: TransferComparison,
) -> None:
    layers = every_case.layer_scores
    columns = ["backbone", "cut_layer", "head", "score", "score_std"]
    assert layers.columns.tolist() == columns
    assert layers["cut_layer"].tolist() == ["stem", "stage1", "penultimate"]


def test_json_can_be_read_by_anything(every_case: TransferComparison) -> None:
    found = json.loads(every_case.to_json(), parse_constant=pytest.fail)
    assert len(found["table"]) == 8
    assert found["winner"]["case"] == every_case.winner["case"]
    assert found["scoring"] == "accuracy"
    assert found["runs"] == "nowhere (tracking is off)"
    assert found["verdict"] == every_case.verdict


def test_comparison_survives_pickling(every_case: TransferComparison) -> None:
    again = pickle.loads(pickle.dumps(every_case))
    pd.testing.assert_frame_equal(again.table, every_case.table)
    assert again.best_estimator.predict(make_photos(4)[0]).shape == (4,)


@pytest.mark.parametrize("case", [0, 1, 2])
def test_winner_is_fitted_on_all_the_images_with_probabilities(
    photos: Photos, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    make = Candidate.make

    def watched(self: Candidate, *, calibrate: bool = False) -> Any:
        made.append(calibrate)
        return make(self, calibrate=calibrate)

    monkeypatch.setattr(Candidate, "make", watched)
    comparison = _compare(photos, cases=case, all_layers=False)
    assert made == [False] * 4
    model = comparison.best_estimator
    assert model is comparison.best_estimator
    assert made == [False] * 4 + [True]
    assert model.predict_proba(photos[0]).shape == (16, 2)
    assert model.score(*photos) == 1.0


def test_all_cases_see_the_same_folds(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[Any]] = {}

    def watched(candidate: Candidate, data: Any, fold: Any, *rest: Any) -> FoldResult:
        train, test = fold
        seen.setdefault(candidate.name, []).append((train.tolist(), test.tolist()))
        return run_trial(candidate, data, fold, *rest)

    monkeypatch.setattr(trials, "run_trial", watched)
    _compare(photos, cases=[0, 2], random_state=1)
    first, *others = seen.values()
    assert all(folds == first for folds in others)
    assert len(others) == 2
    seen.clear()
    _compare(photos, cases=0, random_state=2)
    assert seen["case 0 (tiny)"] != first


def test_case_is_fitted_on_the_training_part_alone(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = photos
    train, test = np.arange(0, 12), np.arange(12, 16)
    fitted: list[Any] = []
    make = Candidate.make

    def spying(self: Candidate, *, calibrate: bool = False) -> Any:
        estimator = make(self, calibrate=calibrate)
        fit: Callable[..., Any] = type(estimator).fit

        def watched(images: Any, labels: Any) -> Any:
            fitted.append((images, labels))
            del estimator.fit  # which could not be pickled
            return fit(estimator, images, labels)

        estimator.fit = watched
        return estimator

    monkeypatch.setattr(Candidate, "make", spying)
    _compare(photos, cv=[(train, test)])
    assert len(fitted) == 8
    for images, labels in fitted:
        np.testing.assert_array_equal(images, X[train])
        np.testing.assert_array_equal(labels, y[train])


def test_wrong_labels_of_the_test_part_change_nothing_but_the_score(
    photos: Photos,
) -> None:
    X, y = photos
    split = [(np.arange(0, 12), np.arange(12, 16))]
    flipped = y.copy()
    flipped[12:] = np.where(y[12:] == "class0", "class1", "class0")
    given = {"cv": split, "cut_layers": ["stem", "stage1"], "all_layers": False}
    right, wrong = (_compare((X, labels), **given) for labels in (y, flipped))
    pd.testing.assert_frame_equal(right.layer_scores, wrong.layer_scores)
    for case in range(4):
        scores = [
            found.table.set_index("candidate").loc[f"case {case} (tiny)", "score"]
            for found in (right, wrong)
        ]
        assert scores == [1.0, 0.0]


@pytest.mark.slow
def test_shuffled_labels_are_predicted_by_chance() -> None:
    X, y = make_photos(32)
    scores = []
    for seed in range(4):
        shuffled = np.random.default_rng(seed).permutation(y)
        found = _compare(
            (X, shuffled),
            cases=[0, 1],
            cut_layers=["stem", "stage1"],
            random_state=seed,
        )
        scores += found.table["score"].tolist()
    assert 0.3 < np.mean(scores) < 0.7


def test_a_given_split_is_one_fold_without_spread(photos: Photos) -> None:
    split = [(np.arange(0, 12), np.arange(12, 16))]
    found = _compare(photos, cases=[0, 1], cv=split, all_layers=False)
    assert found.table["score_std"].isna().all()
    assert found.table["score_low"].notna().all()  # from the bootstrap
    assert set(found.significance["test"]) == {"paired bootstrap"}
    assert found.fold_scores["n_test"].eq(4).all()
    assert json.loads(found.to_json())["winner"]["score_std"] is None
    assert len(found.plot().axes) == 2


@pytest.mark.slow
def test_without_time_nothing_is_trained(photos: Photos) -> None:
    found = _compare(photos, time_budget_s=0.001)
    rows = found.table.set_index("candidate")
    assert rows.loc["case 1 (tiny)", "n_folds"] == 2
    assert rows.loc["case 3 (tiny)", "note"] == "0 of 2 folds: the time was up"
    assert np.isnan(rows.loc["case 3 (tiny)", "score"])
    assert found.table["score"].isna().tolist() == [False] * 5 + [True] * 3


def test_score_of_ones_own_will_do(photos: Photos) -> None:
    own = {"scoring": lambda model, X, y: model.score(X, y), "all_layers": False}
    found = _compare(photos, cases=1, **own)
    assert found.table["score_low"].notna().all()
    split = [(np.arange(0, 12), np.arange(12, 16))]
    one = _compare(photos, cases=1, cv=split, **own)
    assert set(one.significance["test"]) == {"none"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time_budget_s": -1}, "Got time_budget_s=-1; expected a positive number"),
        ({"rope": "wide"}, "Got rope='wide'"),
        ({"journal": 3}, "Got journal=3; expected 'default', a folder or None"),
        ({"task": "rank"}, "Got task='rank'"),
    ],
)
def test_wrong_limits_are_named(
    photos: Photos, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        _compare(photos, **changed)


def test_a_splitter_is_used_as_it_is(photos: Photos) -> None:
    splitter = ShuffleSplit(3, test_size=4, random_state=0)
    found = _compare(photos, cases=0, cv=splitter).fold_scores
    assert found["n_train"].tolist() == [12] * 6


@pytest.mark.parametrize(
    "all_layers", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_each_photo_is_forwarded_once_then_never_again(
    photos: Photos, tmp_path: Path, all_layers: bool
) -> None:
    parameters: dict[str, Any] = {"store": tmp_path / "store", "journal": None}
    parameters |= {"cases": [0, 1], "all_layers": all_layers}
    first = _compare(photos, **parameters).table
    assert first["images_forwarded"].sum() == len(photos[0])
    before = images_forwarded()
    again = _compare(photos, **parameters).table
    assert again["images_forwarded"].eq(0).all()
    assert images_forwarded() == before
    # What stored features would cost is counted as if they were computed afresh.
    assert (again["predict_ms_per_image"] > 0).all()
    first, again = (table.sort_values("candidate") for table in (first, again))
    pd.testing.assert_series_equal(first["score"], again["score"])


@pytest.mark.parametrize("pooling", ["max", "flatten"])
def test_stored_features_do_not_make_predicting_look_free(
    photos: Photos, tmp_path: Path, pooling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "hybridml.features.extractor.seconds_per_image",
        lambda request, store: 1.0 if store.counter(_counter(request)) else 0.0,
    )
    parameters = {"store": tmp_path / "store", "pooling": pooling, "journal": None}
    for _ in range(2):
        table = _compare(
            photos, cases=[0, 1], cut_layers=["stem", "stage1"], **parameters
        ).table
    cases = table[table["case"].notna()]
    assert (cases["predict_ms_per_image"] > 1000).all()


@pytest.mark.parametrize(
    "all_layers", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_two_comparisons_with_one_seed_agree(photos: Photos, all_layers: bool) -> None:
    given = {"random_state": 3, "cases": [1, 3], "all_layers": all_layers}
    first, again = (_compare(photos, **given) for _ in range(2))
    columns = ["case", "backbone", "cut_layer", "head", "score", "score_std"]
    pd.testing.assert_frame_equal(first.table[columns], again.table[columns])
    pd.testing.assert_frame_equal(first.layer_scores, again.layer_scores)


@pytest.mark.slow
def test_comparison_does_not_modify_its_input(photos: Photos) -> None:
    X, y = photos
    copies = X.copy(), y.copy()
    _compare(photos, cv=[(np.arange(0, 12), np.arange(12, 16))])
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(y, copies[1])


def test_images_may_be_paths_in_a_table(photos: Photos, tmp_path: Path) -> None:
    X, y = photos
    paths = [tmp_path / f"{i}.png" for i in range(len(X))]
    for image, path in zip(X, paths, strict=True):
        Image.fromarray(image).save(path)
    frame = pd.DataFrame({"image": [str(path) for path in paths], "label": y})
    chosen = {"cases": [0, 1], "cut_layers": "stem"}
    found = _compare((frame[["image"]], frame["label"]), **chosen)
    expected = _compare(photos, **chosen)
    assert found.table["score"].tolist() == expected.table["score"].tolist()


@pytest.mark.slow
def test_backbones_are_compared_with_one_another() -> None:
    register_tiny_backbone("tiny2", seed=5)
    found = _compare(
        make_photos(16),
        backbones=["tiny", "tiny2"],
        cases=[0, 1, 4],
        cut_layers=["stem", "stage1"],
        scratch_backbone="lenet5",
    )
    cases = found.table.dropna(subset="case")
    rows = cases[["case", "backbone"]].to_numpy().tolist()
    assert sorted(rows) == [
        [0, "tiny"],
        [0, "tiny2"],
        [1, "tiny"],
        [1, "tiny2"],
        [4, "lenet5"],
    ]
    assert found.layer_scores["backbone"].unique().tolist() == ["tiny", "tiny2"]
    assert len(found.plot().axes) == 3


@pytest.mark.parametrize(
    "scoring",
    [
        "neg_log_loss",
        pytest.param("balanced_accuracy", marks=pytest.mark.slow),
        pytest.param("roc_auc", marks=pytest.mark.slow),
    ],
)
def test_any_score_of_classes_will_do(photos: Photos, scoring: str) -> None:
    layers = ["stem", "stage1"]
    found = _compare(photos, scoring=scoring, heads=["linear_svm"], cut_layers=layers)
    assert found.scoring == scoring
    assert found.table["score"].notna().all()
    assert found.table["score"].is_monotonic_decreasing


def test_score_of_probabilities_calibrates_a_head_without_a_search(
    photos: Photos,
) -> None:
    found = _compare(photos, cases=1, scoring="neg_log_loss", cut_layers="stem")
    assert -1 < found.winner["score"] < 0


ZERO = "case 0: the pretrained network as it is (tiny), fold 1/2"


def test_steps_rise_to_one(photos: Photos) -> None:
    steps: list[Step] = []
    _compare(photos, on_step=steps.append, epochs=2, cut_layers="stem")
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0.0, 1.0)
    assert steps[0].seconds_left is None
    assert all(step.seconds_left >= 0 for step in steps[1:-1] if step.seconds_left)
    texts = [step.text for step in steps]
    assert texts[1:3] == ["baseline: guess without looking, fold 2/2", ZERO]
    assert "case 3: fine-tune everything (tiny), fold 2/2, epoch 1/2" in texts
    assert texts[-1] == "all cases compared"
    assert len([text for text in texts if ", epoch " not in text]) == 6 * 2 + 1


def test_no_epochs_and_no_progress_are_no_problem(photos: Photos) -> None:
    steps: list[Step] = []
    found = _compare(photos, cases=[2, 3], epochs=0, on_step=steps.append)
    assert found.table["score"].tolist()[:2] == [1.0, 1.0]
    assert steps[-1].done == 1.0


WRONG = [
    ({"cases": [0, 7]}, InvalidParameterError, "Got case=7"),
    ({"cases": []}, InvalidParameterError, r"Got cases=\[\]"),
    ({"backbones": []}, InvalidParameterError, r"Got backbones=\[\]"),
    ({"backbones": ["tiny", "tinny"]}, UnknownBackboneError, "Did you mean 'tiny'"),
    ({"scratch_backbone": "lenet"}, UnknownBackboneError, "Did you mean 'lenet5'"),
    ({"heads": ["ridge", "svm"]}, UnknownHeadError, "Got head='svm'"),
    ({"heads": []}, InvalidParameterError, r"Got heads=\[\]"),
    ({"cut_layers": ["stem", "stm"]}, UnknownCutLayerError, "Did you mean 'stem'"),
    ({"cut_layers": "stm"}, UnknownCutLayerError, "Did you mean 'stem'"),
    ({"scoring": "acc"}, InvalidParameterError, "Got scoring='acc'"),
    ({"scoring": "f1"}, InvalidParameterError, "a score that suits these labels"),
    ({"cv": 1}, InvalidParameterError, "Got cv=1"),
    ({"cv": 9}, DataError, r"9 folds need at least 9 .*ask for fewer folds"),
    ({"cv": [([0, 1], [1])]}, InvalidParameterError, "both to learn from and"),
    ({"pooling": "avg"}, InvalidParameterError, "Got pooling='avg'"),
    ({"epochs": "many"}, InvalidParameterError, "Got epochs='many'"),
    ({"augmentation": "x"}, InvalidParameterError, "Got augmentation='x'"),
    ({"class_map": {"class0": [1]}}, DataError, "expected outputs for each of the"),
    ({"class_map": "guess"}, InvalidParameterError, "Got class_map='guess'"),
    ({"weights": "nowhere.pth"}, WeightsError, "There is no file nowhere.pth"),
    ({"image_size": 4}, InvalidParameterError, "Got image_size=4; expected at least"),
    ({"device": "abacus"}, InvalidParameterError, "Got device='abacus'"),
    ({"precision": "fp8"}, InvalidParameterError, "Got precision='fp8'"),
    ({"store": 5}, InvalidParameterError, "Got store=5"),
    ({"n_jobs": 0}, InvalidParameterError, "Got n_jobs=0"),
    ({"random_state": None}, InvalidParameterError, "Got random_state=None"),
    ({"tracker": "mlflow"}, InvalidParameterError, "Got tracker='mlflow'; expected a"),
    ({"tracker": RecordingTracker}, InvalidParameterError, "Got tracker=<class"),
]


@pytest.mark.parametrize(("changed", "error", "message"), WRONG)
def test_what_is_wrong_is_said_before_any_work(
    photos: Photos, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    tracker, steps, before = RecordingTracker(), [], images_forwarded()
    given = {"tracker": tracker, "on_step": steps.append, **changed}
    with pytest.raises(error, match=message):
        _compare(photos, **given)
    assert (tracker.runs, steps, images_forwarded()) == ([], [], before)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([*"aaaaaaab"], r"at least 2 images in each class; too few in: b \(1\)"),
        ([*"aaaaaabb"], r"training part of fold 1 needs at least 2 .*: b \(1\)"),
        ([*"aaaaaaaa"], "only one class, a"),
        ([*"aabb"], "8 images and 4 labels"),
        (["a", "b", None, "b"] * 2, "2 of 8 labels are missing"),
    ],
)
def test_unusable_labels_are_refused_before_any_work(
    labels: list[Any], message: str
) -> None:
    tracker = RecordingTracker()
    with pytest.raises(DataError, match=message):
        _compare((make_photos(8)[0], labels), tracker=tracker)
    assert tracker.runs == []


def test_bad_images_are_named_and_the_runs_fail(photos: Photos, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    X = [*photos[0][:15], str(bad)]
    tracker = RecordingTracker()
    with pytest.raises(ImageDecodeError, match=r"bad\.jpg"):
        _compare((X, photos[1]), cases=[0, 1], tracker=tracker)
    assert tracker.runs[0].status == "FAILED"


def _counter(request: Any) -> str:
    return f"microseconds {request.key.hex()} images"


def test_bad_images_of_all_folds_are_named_by_their_own_places() -> None:
    photos, labels = make_photos(12)
    images = list(photos)
    images[1] = images[10] = b"no image"
    expected = r"(?s)image 2 of 12.*image 11 of 12"
    with pytest.raises(ImageDecodeError, match=expected) as error:
        compare_transfer_cases(
            images, labels, backbones="tiny", cases=[0], cv=3, store=None
        )
    assert set(error.value.failures) == {1, 10}
