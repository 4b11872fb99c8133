"""Several labels an image are learned together, each by itself."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.metrics import f1_score, get_scorer, roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.utils import get_tags

from hybridml import FineTuneClassifier
from hybridml.exceptions import DataError, InvalidParameterError

Labelled = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int_]]


def _classifier(**changed: Any) -> FineTuneClassifier:
    quick = {"epochs": 1, "store": None, "precision": "fp32", "batch_size": 8}
    return FineTuneClassifier(**{"backbone": "tiny", **quick, **changed})


@pytest.fixture
def labelled() -> Labelled:
    """Noisy photos that are light or dark, and striped or plain."""
    rng = np.random.default_rng(0)
    y = np.array([[i % 2, i // 2 % 2] for i in range(24)])
    stripes = 60 * y[:, 1, None] * np.sign(np.sin(np.arange(40)[None, :] * 0.8))
    level = 70 + 90 * y[:, 0, None] + stripes
    clean = np.repeat(level[:, None, :, None], 40, axis=1)
    noisy = clean + rng.normal(0, 10, (24, 40, 40, 3))
    return noisy.clip(0, 255).astype(np.uint8), y


@pytest.mark.parametrize("container", [np.asarray, list, pd.DataFrame])
def test_each_label_is_told(labelled: Labelled, container: Any) -> None:
    X, y = labelled
    model = _classifier(epochs=0).fit(X, container(y))
    assert model.multilabel_
    np.testing.assert_array_equal(model.predict(X), y)
    assert model.score(X, y) == 1
    assert [two.tolist() for two in model.classes_] == [[0, 1], [0, 1]]


def test_probabilities_are_those_of_each_label(labelled: Labelled) -> None:
    X, y = labelled
    model = _classifier(epochs=0).fit(X, y)
    proba = model.predict_proba(X)
    assert proba.shape == (24, 2)
    assert proba.dtype == np.float32
    np.testing.assert_array_equal(proba > 0.5, y == 1)
    assert not np.allclose(proba.sum(axis=1), 1)
    assert roc_auc_score(y, proba) == 1
    assert f1_score(y, model.predict(X), average="macro") == 1
    assert model.predict([]).shape == model.predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize("trainable", ["head", "last2", "all"])
def test_training_improves_on_the_start(labelled: Labelled, trainable: str) -> None:
    given = {"augmentation": "none", "learning_rate": 0.003, "trainable": trainable}
    model = _classifier(epochs=6, validation_fraction=0.25, **given).fit(*labelled)
    assert model.best_epoch_ == model.history_["valid_loss"].idxmin() > 0


def test_mixed_images_and_smoothed_labels_are_learned_from(labelled: Labelled) -> None:
    given = {"mixup": 0.2, "cutmix": 1.0, "label_smoothing": 0.1, "epochs": 2}
    model = _classifier(validation_fraction=0, **given).fit(*labelled)
    assert np.isfinite(model.history_["train_loss"][1:]).all()


@pytest.mark.parametrize("value", [0, 1])
def test_a_label_that_all_or_none_have_is_predicted(
    labelled: Labelled, value: int
) -> None:
    X, y = labelled
    same = np.c_[y, np.full(len(y), value)]
    model = _classifier().fit(X, same)
    assert (model.predict(X)[:, 2] == value).all()


def test_one_column_is_a_choice_between_classes(labelled: Labelled) -> None:
    X, y = labelled
    model = _classifier(epochs=0).fit(X, y[:, :1])
    assert not model.multilabel_
    assert model.predict(X).shape == (24,)
    assert model.predict_proba(X).shape == (24, 2)


def test_images_without_weight_are_ignored(labelled: Labelled) -> None:
    X, y = labelled
    images, labels = np.concatenate([X, X]), np.concatenate([y, 1 - y])
    model = _classifier().fit(images, labels, np.repeat([1.0, 0.0], 24))
    alone = _classifier().fit(X, y)
    np.testing.assert_allclose(
        model.predict_proba(X), alone.predict_proba(X), atol=1e-3
    )


@pytest.mark.parametrize(
    "table",
    [
        np.full((24, 2), 2),
        np.full((24, 2), np.nan),
        np.full((24, 2), "yes"),
        np.full((24, 2), 0.5),
    ],
)
def test_labels_other_than_zero_and_one_are_refused(
    labelled: Labelled, table: Any
) -> None:
    with pytest.raises(DataError, match=r"y of shape \(24, 2\) with other values than"):
        _classifier().fit(labelled[0], table)


def test_weights_of_classes_are_refused(labelled: Labelled) -> None:
    message = r"Got class_weight='balanced'; expected None where .* Pass sample_weight"
    with pytest.raises(InvalidParameterError, match=message):
        _classifier(class_weight="balanced").fit(*labelled)


def test_a_row_for_each_image_is_asked_for(labelled: Labelled) -> None:
    X, y = labelled
    with pytest.raises(DataError, match="Got 24 images and 3 labels"):
        _classifier().fit(X, y[:3])


def test_rows_of_different_lengths_are_refused(labelled: Labelled) -> None:
    with pytest.raises(DataError, match="expected"):
        _classifier().fit(labelled[0][:3], [[1, 0], [1], [0, 1]])


def test_it_says_that_it_takes_several_labels() -> None:
    assert get_tags(_classifier()).classifier_tags.multi_label


def test_refit_on_classes_forgets_the_labels(labelled: Labelled) -> None:
    X, y = labelled
    model = _classifier(epochs=0).fit(X, y).fit(X, np.where(y[:, 0], "light", "dark"))
    assert model.classes_.tolist() == ["dark", "light"]
    assert set(model.predict(X)) == {"dark", "light"}


def test_it_is_pickled_and_cross_validated(labelled: Labelled) -> None:
    X, y = labelled
    model = _classifier().fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert cross_val_score(_classifier(epochs=0), X, y, cv=2).mean() > 0.9


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision"])
def test_scorers_of_probabilities_judge_two_labels(
    labelled: Labelled, scoring: str
) -> None:
    X, y = labelled
    model = _classifier(epochs=0).fit(X, y)
    assert get_scorer(scoring)(model, X, y) == 1
