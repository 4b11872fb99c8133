"""A search is recorded fold by fold, and comes out as if nobody had looked."""

from __future__ import annotations

import pickle
import re
import time
import warnings
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import HybridMLError, InvalidParameterError
from hybridml.tracking import NullTracker, RecordedRun, RecordingTracker, track_search
from hybridml.tracking.searching.mailbox import Address
from hybridml.tracking.searching.search_record import SearchRecord

X, y = load_iris(return_X_y=True)
HAS_CALLBACKS = hasattr(GridSearchCV, "set_callbacks")
needs_callbacks = pytest.mark.skipif(
    not HAS_CALLBACKS, reason="scikit-learn has no callbacks before 1.9"
)


class Fake(ClassifierMixin, BaseEstimator):
    """Scores as high as its `quality`; fails, or is interrupted, where it is told to.

    `fail_on` names rows of the whole data: folds that train on one of them fail.
    """

    on_fit: Callable[[Fake], None] | None = None

    def __init__(
        self,
        backbone: str = "tiny",
        cut_layer: Any = "top",
        quality: float = 0.5,
        fail_on: Any = None,
    ) -> None:
        self.backbone = backbone
        self.cut_layer = cut_layer
        self.quality = quality
        self.fail_on = fail_on

    def fit(self, X: Any, y: Any) -> Fake:
        if Fake.on_fit is not None:
            Fake.on_fit(self)
        if self.fail_on is not None and np.isin(self.fail_on, X).any():
            raise ValueError("told to fail")
        self.classes_ = np.unique(y)
        return self

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return float(self.quality + np.mean(X) / 1000)


class OlderGridSearchCV(GridSearchCV):
    """As in the releases of scikit-learn that have no callbacks."""

    def __getattribute__(self, name: str) -> Any:
        if name == "set_callbacks":
            raise AttributeError(name)
        return super().__getattribute__(name)

    def _run_search(self, evaluate_candidates: Any) -> None:
        evaluate_candidates(sklearn.model_selection.ParameterGrid(self.param_grid))


SEARCHES = [GridSearchCV, OlderGridSearchCV]
ROWS = np.arange(12.0).reshape(-1, 1)
CLASSES = np.arange(12) % 2
GRID = {"quality": [0.2, 0.6, 0.4]}


@pytest.fixture(autouse=True)
def _no_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fake, "on_fit", None)


def tracked(
    search: Any, X: Any = ROWS, y: Any = CLASSES, **options: Any
) -> RecordedRun:
    """Fit a search under a recording tracker; return its run."""
    tracker = RecordingTracker()
    with track_search(search, tracker, **options):
        search.fit(X, y)
    (run,) = tracker.runs
    return run


def metrics(run: RecordedRun) -> dict[str, float]:
    """The last value of each metric."""
    return {name: value for name, value, _ in run.metrics}


def points(run: RecordedRun, name: str) -> dict[int | None, float]:
    return {step: value for found, value, step in run.metrics if found == name}


@pytest.mark.parametrize("kind", SEARCHES)
def test_candidates_and_folds_are_those_of_the_results(kind: Any) -> None:
    search = kind(Fake(), GRID, cv=3)
    run = tracked(search)
    results = search.cv_results_
    assert [child.name for child in run.children] == [
        f"candidate {n} (quality={q})" for n, q in enumerate(GRID["quality"], 1)
    ]
    for row, child in enumerate(run.children):
        folds = {n + 1: results[f"split{n}_test_score"][row] for n in range(3)}
        assert points(child, "fold_score") == pytest.approx(folds)
        assert metrics(child)["score"] == results["mean_test_score"][row]
        assert metrics(child)["score_std"] == results["std_test_score"][row]
        assert child.params == {"quality": str(GRID["quality"][row])}
        assert child.status == "FINISHED"


@pytest.mark.parametrize("kind", SEARCHES)
def test_the_winner_is_named_on_the_search(kind: Any) -> None:
    search = kind(Fake(), GRID, cv=3)
    run = tracked(search)
    assert run.name == f"{kind.__name__} of Fake"
    assert run.tags["hybridml.kind"] == "search"
    assert run.tags["hybridml.winner"] == "candidate 2 (quality=0.6)"
    assert run.params["quality"] == "0.6"
    assert (run.params["n_candidates"], run.params["n_folds"]) == (3, 3)
    assert metrics(run)["score"] == search.best_score_
    assert metrics(run)["fit_time_s"] == search.cv_results_["mean_fit_time"][1]
    best = points(run, "best_score")
    assert best == pytest.approx({1: 0.2055, 2: 0.6055, 3: 0.6055})


def test_the_note_has_verdict_table_and_code() -> None:
    run = tracked(GridSearchCV(Fake(), GRID, cv=3))
    note = run.tags["mlflow.note.content"]
    assert re.match(r"\*\*candidate 2 \(quality=0.6\) wins with 0.60\d ± 0.003", note)
    rows = re.findall(r"^\| candidate (\d) \| (\S+) \| (\S+)\d ", note, re.MULTILINE)
    assert rows == [
        ("2", "0.6", "0.60"),
        ("3", "0.4", "0.40"),
        ("1", "0.2", "0.20"),
    ]
    assert "GridSearchCV(cv=3, estimator=Fake()" in note
    assert "scikit-learn" in note
    assert run.texts["cv_results.csv"].count("\n") == 4


@pytest.mark.parametrize("kind", SEARCHES)
def test_runs_are_there_while_the_search_runs(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = RecordingTracker()
    seen = []

    def wait_for_the_ones_before(estimator: Fake) -> None:
        n_before = GRID["quality"].index(estimator.quality)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            done = [c for c in tracker.runs[0].children if c.status == "FINISHED"]
            if len(done) >= n_before:
                break
            time.sleep(0.001)
        seen.append((n_before, len(done), tracker.runs[0].status))

    monkeypatch.setattr(Fake, "on_fit", wait_for_the_ones_before)
    search = kind(Fake(), GRID, cv=2, refit=False)
    with track_search(search, tracker):
        search.fit(ROWS, CLASSES)
    assert seen == [(n, n, "RUNNING") for n in (0, 0, 1, 1, 2, 2)]


@needs_callbacks
def test_the_run_of_a_candidate_is_there_when_it_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracker = RecordingTracker()
    seen = []

    def wait_for_the_run(estimator: Fake) -> None:
        until = time.monotonic() + 10
        while not seen and time.monotonic() < until:
            seen.extend((c.name, c.status) for c in tracker.runs[0].children)
            time.sleep(0.001)

    monkeypatch.setattr(Fake, "on_fit", wait_for_the_run)
    search = GridSearchCV(Fake(), GRID, cv=2)
    with track_search(search, tracker):
        search.fit(ROWS, CLASSES)
    assert seen == [("candidate 1 (quality=0.2)", "RUNNING")]


SCORINGS = [
    (None, True),
    ("accuracy", True),
    (make_scorer(accuracy_score), True),
    (lambda model, X, y: float(np.mean(model.predict(X) == y)), True),
    (["accuracy", "f1_macro"], "f1_macro"),
    (("accuracy", "f1_macro"), False),
    ({"a": "accuracy", "b": get_scorer("neg_log_loss")}, "b"),
    (lambda model, X, y: {"a": model.score(X, y), "b": 0.0}, "a"),
]


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize(("scoring", "refit"), SCORINGS)
def test_the_search_comes_out_as_without_a_tracker(
    kind: Any, scoring: Any, refit: Any
) -> None:
    def make() -> Any:
        model = GaussianNB()
        grid = {"var_smoothing": [1.0, 1e-9]}
        options = {"cv": 2, "return_train_score": True}
        return kind(model, grid, scoring=scoring, refit=refit, **options)

    plain, watched = make().fit(X, y), make()
    before = dict(vars(watched))
    run = tracked(watched, X, y)
    assert {name: vars(watched)[name] for name in before} == before
    assert set(vars(watched)) == set(vars(plain))
    assert type(watched.scorer_) is type(plain.scorer_)
    for name, values in plain.cv_results_.items():
        if "time" not in name:
            assert np.array_equal(values, watched.cv_results_[name]), name
    assert len(run.children) == 2
    assert [len(points(child, "fold_score")) for child in run.children] == (
        [2, 2] if refit else [0, 0]
    )
    if refit:
        assert watched.best_index_ == plain.best_index_
        assert watched.score(X, y) == plain.score(X, y)
        assert metrics(run)["score"] == pytest.approx(watched.best_score_)


def test_several_scores_have_their_names() -> None:
    search = GridSearchCV(
        GaussianNB(),
        {"var_smoothing": [1.0, 1e-9]},
        scoring=["accuracy", "f1_macro"],
        refit="f1_macro",
        cv=2,
    )
    run = tracked(search, X, y)
    found = metrics(run.children[1])
    results = search.cv_results_
    assert found["score"] == found["score_f1_macro"] == results["mean_test_f1_macro"][1]
    assert found["score_accuracy"] == results["mean_test_accuracy"][1]
    assert found["score_accuracy_std"] == results["std_test_accuracy"][1]


def test_without_a_leading_score_the_best_of_each_is_recorded() -> None:
    search = GridSearchCV(
        GaussianNB(),
        {"var_smoothing": [1.0, 1e-9]},
        scoring=["accuracy", "f1_macro"],
        refit=False,
        cv=2,
    )
    run = tracked(search, X, y)
    found = metrics(run)
    assert found["score_accuracy"] == search.cv_results_["mean_test_accuracy"].max()
    assert "hybridml.winner" not in run.tags
    assert "score" not in found
    assert "| candidate 2 | 1e-09 |" in run.tags["mlflow.note.content"]


def test_nothing_of_the_tracker_is_left_in_the_search() -> None:
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1.0]}, cv=2)
    tracked(search, X, y)
    assert b"hybridml" not in pickle.dumps(search)


def test_scoring_inside_the_block_is_no_fold() -> None:
    search = GridSearchCV(Fake(), GRID, cv=2)
    tracker = RecordingTracker()
    with track_search(search, tracker) as run:
        search.fit(ROWS, CLASSES)
        run.log_metrics({"test_score": search.score(ROWS, CLASSES)})
    assert len(tracker.runs[0].children) == 3
    assert metrics(tracker.runs[0])["test_score"] == pytest.approx(0.6055)


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize("error_score", [np.nan, 0.0])
def test_a_failed_fold_is_named(kind: Any, error_score: float) -> None:
    grid = {"fail_on": [None, [0.0]]}  # row 0 is trained on in folds 2 and 3
    search = kind(Fake(), grid, cv=3, error_score=error_score)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = tracked(search)
    assert FitFailedWarning in {warning.category for warning in caught}
    good, bad = run.children
    assert bad.status == "FINISHED"
    assert "hybridml.failed_folds" not in good.tags
    if kind is GridSearchCV:
        assert bad.tags["hybridml.failed_folds"] == "2, 3"
    if not np.isnan(error_score):
        mean = search.cv_results_["mean_test_score"][1]
        assert metrics(bad)["score"] == pytest.approx(mean)
    else:
        assert "score" not in metrics(bad)
        assert len(bad.tags["hybridml.failed_folds"].split(",")) == 2


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_candidate_without_any_fold_ends_as_failed(kind: Any) -> None:
    search = kind(Fake(), {"fail_on": [ROWS.ravel(), None]}, cv=2)
    with pytest.warns(FitFailedWarning), pytest.warns(match="scores are non-finite"):
        run = tracked(search)
    by_status = {child.status: child for child in run.children}
    assert set(by_status) == {"FAILED", "FINISHED"}
    assert by_status["FAILED"].tags["hybridml.failed_folds"] == "1, 2"
    assert by_status["FAILED"].params["fail_on"].startswith("[ 0.")
    assert run.status == "FINISHED"
    assert run.params["fail_on"] == "None"


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_what_is_open_ends_as_the_search_did(
    kind: Any, error: Any, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_fits = 0

    def stop_at_the_last_fold(estimator: Fake) -> None:
        nonlocal n_fits
        n_fits += 1
        if n_fits == 4:
            raise error

    monkeypatch.setattr(Fake, "on_fit", stop_at_the_last_fold)
    search = kind(Fake(), GRID, cv=2, error_score="raise", scoring=None)
    tracker = RecordingTracker()
    with pytest.raises(error), track_search(search, tracker):
        search.fit(ROWS, CLASSES)
    (run,) = tracker.runs
    assert run.status == status
    assert [child.status for child in run.children] == ["FINISHED", status]
    assert len(points(run.children[1], "fold_score")) == 1
    assert search.scoring is None
    assert "hybridml.winner" not in run.tags


def test_a_search_in_the_wake_of_an_error_is_recorded() -> None:
    try:
        raise KeyError
    except KeyError:
        run = tracked(GridSearchCV(Fake(), GRID, cv=2))
    assert [len(points(child, "fold_score")) for child in run.children] == [2, 2, 2]
    assert {child.status for child in run.children} == {"FINISHED"}


def test_folds_have_runs_where_asked() -> None:
    run = tracked(GridSearchCV(Fake(), GRID, cv=2), fold_runs=True)
    folds = run.children[1].children
    assert [fold.name for fold in folds] == [
        "candidate 2, fold 1",
        "candidate 2, fold 2",
    ]
    assert [metrics(f)["score"] for f in folds] == list(
        points(run.children[1], "fold_score").values()
    )


def test_tags_come_from_names_of_parameters() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("extract", Fake())])
    grid = {"extract__cut_layer": [["stem", "top"]]}
    run = tracked(GridSearchCV(pipeline, grid, cv=2), tags={"team": "a"})
    (child,) = run.children
    for found in (run, child):
        assert found.tags["hybridml.backbone"] == "tiny"
        assert found.tags["hybridml.cut_layer"] == "['stem', 'top']"
        assert found.tags["hybridml.estimator"] == "StandardScaler, Fake"
        assert found.tags["team"] == "a"
    assert child.name == "candidate 1 (cut_layer=['stem', 'top'])"


def test_a_step_that_is_searched_is_told_by_its_class() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("head", Fake())])
    grid = [
        {"head": [GaussianNB()], "head__var_smoothing": [0.1, 1.0]},
        {"head": [make_pipeline(StandardScaler(), Fake())]},
    ]
    run = tracked(GridSearchCV(pipeline, grid, cv=2), X, y)
    heads = [child.tags["hybridml.head"] for child in run.children]
    assert heads == ["GaussianNB", "GaussianNB", "Fake"]


def test_a_random_search_without_a_seed_is_recorded() -> None:
    space = {"quality": np.linspace(0, 0.9, 50).tolist()}
    search = RandomizedSearchCV(Fake(), space, n_iter=4, cv=2)
    run = tracked(search)
    assert [child.params["quality"] for child in run.children] == [
        str(params["quality"]) for params in search.cv_results_["params"]
    ]
    assert run.params["n_iter"] == "4"


def test_rounds_of_halving_are_told_apart() -> None:
    search = HalvingGridSearchCV(
        GaussianNB(),
        {"var_smoothing": [1.0, 0.1, 1e-9]},
        cv=2,
        random_state=0,
        min_resources=40,
    )
    run = tracked(search, X, y)
    names = [child.name for child in run.children]
    best = search.best_params_["var_smoothing"]
    assert names[:3] == [
        f"candidate {n} (var_smoothing={c})" for n, c in enumerate([1.0, 0.1, 1e-09], 1)
    ]
    assert names[3:] == [f"candidate 1 of round 2 (var_smoothing={best})"]
    means = [metrics(child)["score"] for child in run.children]
    assert means == pytest.approx(search.cv_results_["mean_test_score"].tolist())


def test_a_searched_parameter_may_be_called_as_one_of_the_search() -> None:
    class Named(Fake):
        def __init__(self, cv: int = 3) -> None:
            super().__init__()
            self.cv = cv

    run = tracked(GridSearchCV(Named(), {"cv": [5]}, cv=2))
    assert run.params["cv"] == "5"


def test_a_search_hangs_below_a_run() -> None:
    tracker = RecordingTracker()
    search = GridSearchCV(Fake(), GRID, cv=2)
    with tracker.run("photos") as top, track_search(search, top, name="layers"):
        search.fit(ROWS, CLASSES)
    (layers,) = tracker.runs[0].children
    assert layers.name == "layers"
    assert len(layers.children) == 3


def test_a_block_without_a_fit_records_no_outcome() -> None:
    search = GridSearchCV(Fake(), GRID, cv=2).fit(ROWS, CLASSES)
    tracker = RecordingTracker()
    with track_search(search, tracker):
        pass
    assert "hybridml.winner" not in tracker.runs[0].tags
    assert tracker.runs[0].children == []


def test_the_tracker_that_does_nothing_will_do() -> None:
    search = GridSearchCV(Fake(), GRID, cv=2)
    with track_search(search, NullTracker()):
        search.fit(ROWS, CLASSES)
    assert search.best_params_ == {"quality": 0.6}


def test_folds_in_threads_are_told_apart() -> None:
    search = GridSearchCV(Fake(), GRID, cv=3, n_jobs=3)
    with joblib.parallel_config(backend="threading"):
        run = tracked(search)
    for row, q in enumerate(GRID["quality"]):
        (child,) = (c for c in run.children if c.params["quality"] == str(q))
        assert child.name.startswith(f"candidate {row + 1} ")
        results = search.cv_results_
        folds = {n + 1: results[f"split{n}_test_score"][row] for n in range(3)}
        assert points(child, "fold_score") == pytest.approx(folds)


@pytest.mark.slow  # workers take seconds to start
def test_folds_in_processes_are_heard_while_the_search_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[bool] = []
    hear = SearchRecord.hear

    def noting(self: SearchRecord, letter: Any) -> None:
        heard.append(not hasattr(search, "cv_results_"))
        hear(self, letter)

    monkeypatch.setattr(SearchRecord, "hear", noting)
    search = GridSearchCV(
        GaussianNB(), {"var_smoothing": [1.0, 0.1, 1e-9]}, cv=3, n_jobs=2
    )
    run = tracked(search, X, y)
    assert sum(heard) >= 6  # the last ones may still be on their way
    assert len(heard) == 12  # a candidate also tells that it begins
    results = search.cv_results_
    for row, child in enumerate(sorted(run.children, key=lambda run: run.name)):
        folds = {n + 1: results[f"split{n}_test_score"][row] for n in range(3)}
        assert points(child, "fold_score") == pytest.approx(folds)


def test_folds_that_were_not_heard_are_recorded_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = [2, 3, 5, 6]  # of 3 a candidate: it begins, and two folds
    count = iter(range(100))
    send = Address.send

    def lossy(self: Address, letter: Any) -> None:
        if not letter or next(count) not in lost:
            send(self, letter)

    monkeypatch.setattr(Address, "send", lossy)
    search = GridSearchCV(Fake(), GRID, cv=2)
    run = tracked(search)
    results = search.cv_results_
    by_name = {child.name: child for child in run.children}
    for row, q in enumerate(GRID["quality"]):
        child = by_name[f"candidate {row + 1} (quality={q})"]
        folds = {n + 1: results[f"split{n}_test_score"][row] for n in range(2)}
        assert points(child, "fold_score") == pytest.approx(folds)
        assert child.status == "FINISHED"


@pytest.mark.parametrize("kind", SEARCHES)
def test_sample_weights_reach_the_scores(kind: Any) -> None:
    weights = np.linspace(0, 1, len(y))

    def make() -> Any:
        model = GaussianNB()
        return kind(model, {"var_smoothing": [1.0, 1e-9]}, cv=2, scoring="accuracy")

    plain = make().fit(X, y, sample_weight=weights)
    search = make()
    with track_search(search, RecordingTracker()):
        search.fit(X, y, sample_weight=weights)
    assert search.best_score_ == plain.best_score_


def test_metadata_are_routed_to_the_scorer() -> None:
    weights = np.linspace(0, 1, len(y))

    def make() -> Any:
        model = GaussianNB().set_fit_request(sample_weight=False)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        return GridSearchCV(model, {"var_smoothing": [1.0, 1e-9]}, cv=2, scoring=scorer)

    with sklearn.config_context(enable_metadata_routing=True):
        plain = make().fit(X, y, sample_weight=weights)
        search = make()
        with track_search(search, RecordingTracker()):
            search.fit(X, y, sample_weight=weights)
    assert search.best_score_ == plain.best_score_


@needs_callbacks
def test_other_callbacks_stay() -> None:
    class Counting:
        n_ends = 0

        def setup(self, estimator: Any, context: Any) -> None: ...
        def teardown(self, estimator: Any, context: Any) -> None: ...
        def on_fit_task_begin(self, estimator: Any, context: Any) -> None: ...

        def on_fit_task_end(self, estimator: Any, context: Any) -> None:
            self.n_ends += 1

    counting = Counting()
    search = GridSearchCV(Fake(), GRID, cv=2).set_callbacks(counting)
    tracked(search)
    seen = counting.n_ends
    assert seen > 6
    search.fit(ROWS, CLASSES)
    assert counting.n_ends == 2 * seen


@needs_callbacks
def test_a_second_fit_in_the_block_is_refused() -> None:
    search = GridSearchCV(Fake(), GRID, cv=2)
    with (
        pytest.raises(HybridMLError, match="follows one fit of the search"),
        track_search(search, RecordingTracker()),
    ):
        search.fit(ROWS, CLASSES).fit(ROWS, CLASSES)


@needs_callbacks
def test_copies_in_the_block_are_refused() -> None:
    search = GridSearchCV(Fake(), GRID, cv=2)
    with (
        pytest.raises(HybridMLError, match="as in cross_val_score"),
        track_search(search, RecordingTracker()),
    ):
        cross_val_score(search, ROWS, CLASSES, cv=2, error_score="raise")


def test_wrong_arguments_are_all_named() -> None:
    with (
        pytest.raises(
            InvalidParameterError,
            match=r"Got search=.*; expected a search such as.*Got tracker='mlflow'; "
            r"expected a tracker such as MLflowTracker\(\), or a run.*Got name=3",
        ),
        track_search(GaussianNB(), "mlflow", name=3),  # type: ignore[arg-type]
    ):
        pass


@pytest.mark.parametrize("refit", [True, "f1"])
def test_several_scores_need_a_leader_before_anything_is_fitted(refit: Any) -> None:
    search = GridSearchCV(Fake(), GRID, scoring=["accuracy", "f1_macro"], refit=refit)
    with (
        pytest.raises(InvalidParameterError, match="one of the names of `scoring`"),
        track_search(search, RecordingTracker()),
    ):
        pass


def test_a_scoring_that_is_unknown_leaves_the_search_alone() -> None:
    search = GridSearchCV(Fake(), GRID, scoring="acuracy")
    with (
        pytest.raises(ValueError, match="acuracy"),
        track_search(search, RecordingTracker()),
    ):
        pass
    assert search.scoring == "acuracy"
