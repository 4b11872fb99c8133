"""Late fusion of classes."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridml import DeepFeatureExtractor
from hybridml.exceptions import InvalidParameterError
from hybridml.fusion import LateFusionClassifier
from hybridml.testing import make_photos, register_tiny_backbone
from tests.fusion.conftest import make_table, two_modalities

COMBINATIONS = ["mean", "weighted", "product", "max", "vote", "stack"]
CORNERS = {"mean", "stack"}  # nothing learned, and most


class Memory(ClassifierMixin, BaseEstimator):
    """Knows the rows it has seen by heart, and guesses of others."""

    def fit(self, X: Any, y: Any) -> Memory:
        self.classes_ = np.unique(y)
        self.known_ = dict(zip(map(tuple, np.asarray(X)), y, strict=True))
        return self

    def predict_proba(self, X: Any) -> Any:
        said = [self.known_.get(tuple(row)) for row in np.asarray(X)]
        even = 1 / len(self.classes_)
        return np.array(
            [
                [even] * len(self.classes_) if one is None else self.classes_ == one
                for one in said
            ],
            dtype=float,
        )

    def predict(self, X: Any) -> Any:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _fit(modalities: Any, table: Any, **options: Any) -> LateFusionClassifier:
    return LateFusionClassifier(modalities, **{"head": "logistic", **options}).fit(
        *table
    )


@pytest.fixture(scope="module")
def best_alone() -> float:
    """How well the better of the two modalities does by itself."""
    X, y = make_table()
    return max(
        cross_val_score(LateFusionClassifier([one], head="logistic"), X, y).mean()
        for one in two_modalities()
    )


@pytest.mark.parametrize(
    "combine",
    [
        pytest.param(name, marks=() if name in CORNERS else pytest.mark.slow)
        for name in COMBINATIONS
    ],
)
def test_together_is_no_worse_than_alone(
    combine: str, table: Any, modalities: Any, best_alone: float
) -> None:
    X, y = table
    both = LateFusionClassifier(modalities, head="logistic", combine=combine)
    assert cross_val_score(both, X, y).mean() > best_alone - 0.02


@pytest.mark.parametrize("combine", ["weighted", "stack"])
def test_a_base_model_that_memorises_is_not_believed(
    combine: str, table: Any, modalities: Any
) -> None:
    X, y = table
    with_memory = [("memory", Memory(), ["noise"]), *modalities]
    model = _fit(with_memory, table, combine=combine)
    assert model.members_[0].predictor_.score(X[["noise"]], y) == 1.0
    said = model.out_of_fold_["memory"]
    assert said == pytest.approx(np.full_like(said, 1 / 3))
    fresh = X.assign(noise=X["noise"] + 100)
    plain = _fit(modalities, table, combine=combine)
    assert model.score(fresh, y) > plain.score(X, y) - 0.03


def test_an_encoder_that_memorises_is_not_believed(table: Any) -> None:
    from sklearn.preprocessing import TargetEncoder

    X, y = table
    X = X.assign(number=np.arange(len(X)).astype(str))
    binary = np.where(y == "a", "a", "b")
    model = _fit(
        [("number", TargetEncoder(smooth=1e-6, cv=2), ["number"])], (X, binary)
    )
    said = model.classes_[model.out_of_fold_["number"].argmax(axis=1)]
    assert (said == binary).mean() < 0.75


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("hidden", [0, 1])
def test_a_hidden_modality_is_as_if_it_had_never_been(
    hidden: int, combine: str, table: Any, modalities: Any
) -> None:
    X, _ = table
    name, _, columns = modalities[hidden]
    gap = X.astype(object).copy()
    gap[columns] = None
    full = _fit(modalities, table, combine=combine)
    rest = [one for one in modalities if one[0] != name]
    without = _fit(rest, table, combine=combine)
    assert (full.predict(gap) == without.predict(X)).all()


def test_out_of_fold_is_missing_where_the_modality_is(
    table: Any, modalities: Any
) -> None:
    X, y = table
    X = X.copy()
    X.loc[[4, 7], "word"] = ""
    model = _fit(modalities, (X, y))
    lost = np.isnan(model.out_of_fold_["word"]).any(axis=1)
    assert np.flatnonzero(lost).tolist() == [4, 7]
    assert model.predict(X.iloc[[4]]).shape == (1,)


def test_pipelines_and_encoders_stand_side_by_side(table: Any, modalities: Any) -> None:
    X, y = table
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    mixed = [("numbers", pipeline, ["size", "age"]), modalities[1]]
    model = _fit(mixed, table)
    assert model.score(X, y) > 0.8
    assert "numbers__logisticregression__C" in model.get_params()


def test_a_pipeline_of_images_lives_with_unreadable_ones(tmp_path: Path) -> None:
    images, y = make_photos(24)
    paths = []
    for number, image in enumerate(images):
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(image).save(paths[-1])
    X = pd.DataFrame({"path": paths, "n": np.arange(24.0)})
    extractor = DeepFeatureExtractor(register_tiny_backbone(), store=None)
    pipeline = make_pipeline(extractor, LogisticRegression())
    Path(paths[3]).write_bytes(b"no image")
    model = LateFusionClassifier(
        [("photo", pipeline, "path"), ("n", StandardScaler(), ["n"])],
        head="logistic",
        combine="mean",
    ).fit(X, y)
    assert np.isnan(model.out_of_fold_["photo"][3]).all()
    assert model.predict(X.assign(path="absent.png")).shape == (24,)


@pytest.mark.slow
def test_combinations_and_nested_parameters_are_searched(
    table: Any, modalities: Any
) -> None:
    grid = {"combine": ["mean", "stack"], "word__analyzer": ["word", "char"]}
    search = GridSearchCV(LateFusionClassifier(modalities, head="logistic"), grid, cv=2)
    assert np.isfinite(search.fit(*table).cv_results_["mean_test_score"]).all()


def test_several_labels(table: Any, modalities: Any) -> None:
    X, y = table
    labels = np.column_stack([y == "a", y != "b"]).astype(int)
    for combine in COMBINATIONS:
        model = _fit(modalities, (X, labels), combine=combine)
        assert model.predict_proba(X).shape == (90, 2)
        assert (model.predict(X) == labels).mean() > 0.75


def test_clone_and_pickle(table: Any, modalities: Any) -> None:
    X, _ = table
    model = _fit(modalities, table)
    assert not hasattr(clone(model), "members_")
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict_proba(X) == model.predict_proba(X)).all()


def test_a_final_estimator_of_ones_own(table: Any, modalities: Any) -> None:
    from sklearn.tree import DecisionTreeClassifier

    X, y = table
    final = DecisionTreeClassifier(max_depth=3, random_state=0)
    model = _fit(modalities, table, final_estimator=final)
    assert model.score(X, y) > 0.7
    assert model.get_params()["final_estimator__max_depth"] == 3


@pytest.mark.slow
def test_shuffled_labels_give_chance(modalities: Any, table: Any) -> None:
    X, y = table
    shuffled = np.random.default_rng(3).permutation(y)
    for combine in ("stack", "weighted"):
        model = LateFusionClassifier(modalities, head="logistic", combine=combine)
        scores = cross_val_score(model, X, shuffled, cv=5)
        assert scores.mean() < 1 / 3 + 3 * np.sqrt(2 / 9 / len(y))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"combine": "stacked"}, "'vote' or 'stack'"),
        ({"combine": "sum", "cv": 0}, "combine.*cv"),
    ],
)
def test_wrong_parameters_are_named(
    options: Any, message: str, table: Any, modalities: Any
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        LateFusionClassifier(modalities, **options).fit(*table)
