"""Fine-tuning is an honest scikit-learn classifier that starts where the probe ends."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from hybridml import DeepFeatureExtractor, FeatureStore, FineTuneClassifier
from hybridml.backbones.loading import load_network
from hybridml.exceptions import (
    DataError,
    DivergedError,
    ImageDecodeError,
    InvalidParameterError,
    UnknownCutLayerError,
    WeightsError,
)
from hybridml.finetune import Callback, ProgressBar, diagnose
from hybridml.finetune.feeding.training_data import hold_out
from hybridml.heads.floored_scaler import FlooredScaler
from hybridml.testing import make_photos

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


def _classifier(**changed: Any) -> FineTuneClassifier:
    """One quick epoch on the tiny backbone, exact in float32."""
    quick = {"epochs": 1, "store": None, "precision": "fp32", "batch_size": 8}
    return FineTuneClassifier(**{"backbone": "tiny", **quick, **changed})


def _probe_of(X: Any, y: Any, trained_on: Any, strength: float) -> Any:
    extractor = DeepFeatureExtractor("tiny", store=None, precision="fp32")
    head = LogisticRegression(C=strength, max_iter=2000)
    model = make_pipeline(extractor, FlooredScaler(), head)
    return model.fit(X[trained_on], y[trained_on])


def test_training_starts_at_the_score_of_the_probe() -> None:
    X, y = make_photos(60, n_classes=3)
    y = np.where(np.random.default_rng(0).random(60) < 0.3, "class0", y)
    model = _classifier(epochs=0, validation_fraction=0.4).fit(X, y)
    targets = np.unique(y, return_inverse=True)[1]
    train, held_out = hold_out(targets, np.ones(60), 0.4, 0)
    scores = [
        _probe_of(X, y, train, c).score(X[held_out], y[held_out])
        for c in (0.001, 0.01, 0.1)
    ]
    start = model.history_.loc[0, "valid_accuracy"]
    assert start < 1  # else the photos are too easy to tell anything
    assert any(start == pytest.approx(score) for score in scores)


def test_without_improvement_the_result_is_the_probe_of_all_the_images(
    photos: Photos,
) -> None:
    X, y = photos
    model = _classifier(learning_rate=1e3, epochs=2).fit(X, y)
    assert model.best_epoch_ == 0
    probas = [
        _probe_of(X, y, np.arange(len(X)), c).predict_proba(X)
        for c in (0.001, 0.01, 0.1)
    ]
    errors = [np.abs(model.predict_proba(X) - proba).max() for proba in probas]
    assert min(errors) < 1e-3


def test_training_improves_on_the_start(photos: Photos) -> None:
    X, y = photos
    model = _classifier(epochs=4, learning_rate=0.003, augmentation="none").fit(X, y)
    losses = model.history_["valid_loss"]
    assert model.best_epoch_ == losses.idxmin() > 0
    assert model.score(X, y) == 1.0


@pytest.mark.parametrize(
    ("trainable", "changed"),
    [
        ("head", set()),
        ("last2", {"stage1.0.weight", "stage1.0.bias", "stage1.1.weight"}),
        ("all", {"stem.0.weight", "stage1.0.weight"}),
    ],
)
def test_what_is_frozen_stays_bit_identical(
    photos: Photos, trainable: str, changed: set[str]
) -> None:
    model = _classifier(
        trainable=trainable, validation_fraction=0, learning_rate=0.01
    ).fit(*photos)
    before = load_network("tiny").trainable_copy().state_dict()
    after = model.tuned_.trunk_state()
    different = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed <= different
    if trainable != "all":
        assert all(name.startswith("stage1") for name in different)
    if trainable == "head":
        assert different == set()
    assert not any("running" in name or "tracked" in name for name in different)


def test_from_scratch_the_batch_norm_learns(photos: Photos) -> None:
    model = _classifier(weights=None, validation_fraction=0).fit(*photos)
    network = load_network("tiny", weights=None, random_state=0)
    before = network.trainable_copy().state_dict()
    after = model.tuned_.trunk_state()
    name = "stem.1.running_mean"
    assert not torch.equal(after[name], before[name])


def test_scratch_training_learns() -> None:
    X, y = make_photos(24)
    model = FineTuneClassifier(
        "lenet5", weights=None, augmentation="none", epochs=10, learning_rate=0.003
    )
    assert model.fit(X, y).score(X, y) == 1.0


@pytest.mark.parametrize("changed", [{}, {"weights": None, "dropout": 0.5}])
def test_two_fits_with_one_seed_agree(photos: Photos, changed: dict[str, Any]) -> None:
    X, y = photos
    probas = []
    for seed in (0, 0, 1):
        torch.manual_seed(int.from_bytes(np.random.default_rng().bytes(4), "big"))
        model = _classifier(random_state=seed, validation_fraction=0, **changed)
        probas.append(model.fit(X, y).predict_proba(X))
    np.testing.assert_array_equal(probas[0], probas[1])
    assert not np.array_equal(probas[0], probas[2])


def test_fit_leaves_torchs_random_numbers_alone(photos: Photos) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    _classifier().fit(*photos)
    assert torch.equal(torch.rand(1), expected)


def test_fit_leaves_the_shared_network_alone(photos: Photos) -> None:
    X, y = photos
    extractor = DeepFeatureExtractor("tiny", store=None, precision="fp32")
    before = extractor.fit_transform(X)
    _classifier(learning_rate=0.1).fit(X, y)
    np.testing.assert_array_equal(extractor.transform(X), before)


def test_fit_does_not_modify_its_input(photos: Photos) -> None:
    X, y = photos
    weights = np.ones(len(y))
    copies = X.copy(), y.copy(), weights.copy()
    _classifier().fit(X, y, weights)
    for given, copy in zip((X, y, weights), copies, strict=True):
        np.testing.assert_array_equal(given, copy)


@pytest.mark.parametrize(
    "relabel",
    [
        lambda y: y,
        lambda y: y.tolist(),
        lambda y: pd.Series(y, dtype="category"),
        lambda y: (y == "class1").astype(int) + 7,
        lambda y: y == "class1",
    ],
)
def test_labels_come_back_as_they_were_given(
    photos: Photos, relabel: Callable[[Any], Any]
) -> None:
    X, y = photos
    labels = relabel(y)
    model = _classifier(epochs=0).fit(X, labels)
    assert set(model.predict(X)) == set(labels) == set(model.classes_)
    assert model.score(X, labels) == 1.0


def test_probabilities_are_ordered_as_the_classes() -> None:
    X, y = make_photos(18, n_classes=3)
    model = _classifier(epochs=0).fit(X, y)
    proba = model.predict_proba(X)
    assert proba.shape == (18, 3)
    assert proba.dtype == np.float32
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.classes_[proba.argmax(axis=1)], y)


@pytest.mark.parametrize("weights", ["default", None])
def test_images_without_weight_are_ignored(weights: str | None) -> None:
    X, y = make_photos(24)
    flipped = np.array(["class1", "class0"])[(y == "class1").astype(int)]
    images, labels = np.concatenate([X, X]), np.concatenate([y, flipped])
    sample_weight = np.repeat([1.0, 0.0], 24)
    fixed = {"weights": weights, "epochs": 2, "batch_size": 6}
    model = _classifier(**fixed).fit(images, labels, sample_weight)
    alone = _classifier(**fixed).fit(X, y)
    pd.testing.assert_frame_equal(
        model.history_.drop(columns="seconds"),
        alone.history_.drop(columns="seconds"),
        rtol=1e-3,
    )
    np.testing.assert_allclose(
        model.predict_proba(X), alone.predict_proba(X), atol=1e-3
    )


def test_a_class_without_weight_is_never_predicted() -> None:
    X, y = make_photos(24, n_classes=3)
    model = _classifier(class_weight={"class1": 0.0}).fit(X, y)
    assert model.classes_.tolist() == ["class0", "class1", "class2"]
    assert "class1" not in model.predict(X)


def test_class_weight_moves_the_boundary() -> None:
    X, y = make_photos(40)
    wrong = np.where(np.arange(40) % 4 == 0, "class1", y)  # half of class0's images
    found = [
        _classifier(epochs=0, class_weight=weight).fit(X, wrong).predict_proba(X)
        for weight in ({"class1": 0.1}, None, {"class1": 10})
    ]
    means = [proba[:, 1].mean() for proba in found]
    assert means == sorted(means)
    assert means[2] - means[0] > 0.1


def test_history_has_a_row_an_epoch(photos: Photos) -> None:
    model = _classifier(epochs=2, patience=None).fit(*photos)
    history = model.history_
    columns = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "seconds"]
    assert history.columns.tolist() == columns
    assert history["epoch"].tolist() == [0, 1, 2]
    assert history["epoch"].dtype.kind == "i"
    assert history["train_loss"].isna().tolist() == [True, False, False]
    assert model.n_epochs_ == 2


def test_patience_ends_training_early(photos: Photos) -> None:
    model = _classifier(learning_rate=100, epochs=9, patience=2).fit(*photos)
    assert len(model.history_) == 3
    assert (model.n_epochs_, model.best_epoch_) == (9, 0)


@pytest.mark.parametrize("case", ["validation_fraction=0", "a class of three"])
def test_last_epoch_is_kept_where_nothing_is_held_out(
    photos: Photos, case: str
) -> None:
    X, y = photos
    fraction = 0.0
    if case == "a class of three":
        kept = [*range(0, 16, 2), 1, 3, 5]
        X, y, fraction = X[kept], y[kept], 0.5
    model = _classifier(epochs=6, patience=1, validation_fraction=fraction).fit(X, y)
    assert model.best_epoch_ == model.n_epochs_ == 6
    assert len(model.history_) == 7
    assert model.history_["valid_loss"].isna().all()


@pytest.mark.parametrize("n_images", [2, 3, 5])
def test_a_handful_of_images_is_enough(n_images: int) -> None:
    X, y = make_photos(n_images)
    model = _classifier(batch_size=1).fit(X, y)
    assert model.predict(X).shape == (n_images,)


def test_pickle_predicts_the_same_and_holds_no_module(
    photos: Photos, tmp_path: Path
) -> None:
    X, y = photos
    model = _classifier(store=FeatureStore(tmp_path / "store")).fit(X, y)
    stored = pickle.dumps(model)
    again = pickle.loads(stored)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    pd.testing.assert_frame_equal(again.history_, model.history_)
    assert b"torch" not in stored


def test_scratch_model_survives_pickling(photos: Photos) -> None:
    X, y = photos
    model = _classifier(weights=None, random_state=3).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_clone_is_unfitted_and_has_the_same_parameters(photos: Photos) -> None:
    model = _classifier(trainable="stem", dropout=0.25).fit(*photos)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copied.predict(photos[0])


def test_parameters_set_later_count(photos: Photos) -> None:
    model = _classifier().set_params(epochs=2, backbone="lenet5", weights=None)
    model.fit(*photos)
    assert len(model.history_) == 3
    assert model.tuned_.network.backbone.name == "lenet5"


def test_wrong_parameters_are_all_named_before_any_image_is_read() -> None:
    model = _classifier(epochs="long", batch_size=-1, augmentation="huge")
    with pytest.raises(InvalidParameterError, match=r"epochs='long'.*batch_size=-1.*"):
        model.fit(["not there.jpg"] * 4, [0, 1, 0, 1])
    model = _classifier(trainable="last3")
    with pytest.raises(UnknownCutLayerError, match="Did you mean 'last2'"):
        model.fit(["not there.jpg"] * 4, [0, 1, 0, 1])


def test_device_and_precision_are_checked(photos: Photos) -> None:
    for name in ("device", "precision"):
        with pytest.raises(InvalidParameterError, match=f"Got {name}='quantum'"):
            _classifier(**{name: "quantum"}).fit(*photos)


def test_network_without_weights_has_to_be_trained_from_scratch(photos: Photos) -> None:
    with pytest.raises(WeightsError, match="Pass weights=None to train it from scratc"):
        _classifier(backbone="lenet5").fit(*photos)


def test_divergence_is_an_error(photos: Photos) -> None:
    model = _classifier(learning_rate=1e30, epochs=3)
    with pytest.raises(DivergedError, match=r"Lower learning_rate \(now 1e\+30\)"):
        model.fit(*photos)


def test_after_divergence_the_last_good_state_predicts(photos: Photos) -> None:
    X, y = photos
    model = _classifier(learning_rate=1e30, epochs=3)
    with pytest.raises(DivergedError, match="diverged in epoch 1"):
        model.fit(X, y)
    probe = _classifier(epochs=0).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), probe.predict_proba(X))
    assert model.best_epoch_ == 0


def test_a_failed_refit_leaves_nothing_to_predict_with(photos: Photos) -> None:
    model = _classifier().fit(*photos)
    with pytest.raises(ImageDecodeError, match="not there"):
        model.fit(["not there.jpg"] * 4, [0, 1, 0, 1])
    with pytest.raises(NotFittedError, match="not fitted yet"):
        model.predict(photos[0])


@pytest.mark.parametrize("weights", ["default", None])
def test_bad_images_are_named(
    photos: Photos, tmp_path: Path, weights: str | None
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8 broken")
    X = [*photos[0][:7], str(bad)]
    with pytest.raises(ImageDecodeError, match=r"bad\.jpg' \(image 8 of 8\)"):
        _classifier(weights=weights).fit(X, photos[1][:8])
    model = _classifier(weights=weights).fit(*photos)
    with pytest.raises(ImageDecodeError, match=r"bad\.jpg' \(image 2 of 2\)"):
        model.predict([photos[0][0], bad])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "y=None; expected one label per image"),
        (["a", "b"], "Got 4 images and 2 labels"),
        (["a"] * 4, "only one class, a"),
        (["a", "b", None, "b"], r"1 of 4 labels are missing .* positions 2"),
        ([0.0, 1.0, np.nan, 1.0], "1 of 4 labels are missing"),
        ([0.5, 1.0, 0.0, 1.0], r"value 0\.5, a continuous target"),
    ],
)
def test_unusable_labels_are_refused(labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _classifier().fit(make_photos(4)[0], labels)


def test_weights_of_another_number_are_refused(photos: Photos) -> None:
    with pytest.raises(DataError, match=r"sample_weight of shape \(3,\)"):
        _classifier().fit(*photos, sample_weight=[1, 1, 1])


def test_nothing_to_predict_gives_nothing(photos: Photos) -> None:
    model = _classifier(epochs=0).fit(*photos)
    assert model.predict([]).shape == (0,)
    assert model.predict_proba([]).shape == (0, 2)


def test_predictions_do_not_depend_on_company_or_order(photos: Photos) -> None:
    X, y = photos
    model = _classifier().fit(X, y)
    every = model.predict_proba(X)
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_array_equal(model.predict_proba(X[order]), every[order])
    np.testing.assert_array_equal(model.predict_proba(X[3:4]), every[3:4])


@pytest.mark.parametrize("container", ["paths", "Series", "frame", "bytes", "PIL"])
def test_every_container_gives_the_same_model(
    photos: Photos, tmp_path: Path, container: str
) -> None:
    X, y = photos
    expected = _classifier().fit(X, y).predict_proba(X)
    given = _contain(X, container, tmp_path)
    model = _classifier().fit(given, y)
    np.testing.assert_array_equal(model.predict_proba(given), expected)


def test_refit_forgets(photos: Photos) -> None:
    X, y = make_photos(18, n_classes=3)
    model = _classifier(epochs=2).fit(X, y)
    model.fit(*photos)
    fresh = _classifier(epochs=2).fit(*photos)
    assert model.classes_.tolist() == ["class0", "class1"]
    np.testing.assert_array_equal(
        model.predict_proba(photos[0]), fresh.predict_proba(photos[0])
    )
    assert len(model.history_) == len(fresh.history_)


def test_callbacks_are_called_in_order(photos: Photos) -> None:
    told: list[str] = []

    class Telling(Callback):
        def __init__(self, name: str) -> None:
            self.name = name

        def on_fit_begin(self, estimator: Any) -> None:
            assert estimator.n_epochs_ == 2
            told.append(f"{self.name} begins")

        def on_epoch_end(self, estimator: Any, metrics: Any) -> None:
            assert estimator.history_["epoch"].iloc[-1] == metrics["epoch"]
            told.append(f"{self.name} {metrics['epoch']}")

        def on_fit_end(self, estimator: Any) -> None:
            assert estimator.predict(photos[0][:1]).shape == (1,)
            told.append(f"{self.name} ends")

    callbacks = [Telling("a"), Telling("b")]
    _classifier(epochs=2, patience=None, callbacks=callbacks).fit(*photos)
    moments = ["begins", "0", "1", "2", "ends"]
    assert told == [f"{name} {moment}" for moment in moments for name in "ab"]


@pytest.mark.parametrize("n_jobs", [None, 1, 3, -1])
def test_threads_change_nothing(photos: Photos, n_jobs: int | None) -> None:
    X, y = photos
    expected = _classifier(epochs=0).fit(X, y).predict_proba(X)
    model = _classifier(epochs=0, n_jobs=n_jobs).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_features_of_the_probe_come_from_the_store(
    photos: Photos, tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path / "store")
    for _ in range(2):
        _classifier(epochs=0, store=store).fit(*photos)
    assert store.stats()["images_forwarded"] == len(photos[0])


def test_verbose_prints_an_epoch_a_line_on_stderr(
    photos: Photos, capsys: pytest.CaptureFixture[str]
) -> None:
    _classifier(verbose=1, weights=None).fit(*photos)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "tiny, epoch 0/1: valid_loss" in captured.err
    assert "tiny, epoch 1/1: train_loss" in captured.err
    _classifier().fit(*photos)
    assert capsys.readouterr() == ("", "")


def test_verbose_adds_no_second_progress_bar(
    photos: Photos, capsys: pytest.CaptureFixture[str]
) -> None:
    _classifier(verbose=1, weights=None, callbacks=[ProgressBar()]).fit(*photos)
    assert capsys.readouterr().err.count("epoch 1/1") == 1


@pytest.mark.filterwarnings("error")
def test_grid_search_over_what_learns_works(photos: Photos) -> None:
    X, y = photos
    grid = {"trainable": ["head", "last2"]}
    search = GridSearchCV(_classifier(), grid, cv=2).fit(X, y)
    assert search.cv_results_["mean_test_score"].shape == (2,)
    assert search.best_estimator_.predict(X).shape == (16,)


def test_cross_validation_works_on_paths(photos: Photos, tmp_path: Path) -> None:
    paths = _contain(photos[0], "paths", tmp_path)
    scores = cross_val_score(_classifier(epochs=0), paths, photos[1], cv=2)
    assert scores.tolist() == [1.0, 1.0]


def test_image_size_is_that_of_training(photos: Photos) -> None:
    model = _classifier(image_size=24).fit(*photos)
    assert model.tuned_.network.preprocessing.crop == 24


@pytest.mark.slow
def test_pretrained_network_is_tuned() -> None:
    X, y = make_photos(16, side=80)
    model = FineTuneClassifier(image_size=64, trainable="last2", epochs=1, store=None)
    assert model.fit(X, y).score(X, y) == 1.0
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def _contain(X: npt.NDArray[np.uint8], container: str, folder: Path) -> Any:
    images = [Image.fromarray(image) for image in X]
    if container == "PIL":
        return images
    if container == "bytes":
        return [_encode(image) for image in images]
    paths = [folder / f"{i}.png" for i in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        image.save(path)
    names = [str(path) for path in paths]
    frame = pd.DataFrame({"image": names})
    return {"paths": paths, "Series": frame["image"], "frame": frame}[container]


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_learning_rate_is_found_without_a_trace(photos: Photos) -> None:
    X, y = photos
    model = _classifier(weights=None, batch_size=4)
    params = model.get_params()
    curve = model.find_learning_rate(X, y)
    assert curve.rates[0] <= curve.suggestion <= curve.rates[-1]
    assert (np.diff(curve.rates) > 0).all()
    assert model.get_params() == params
    assert not hasattr(model, "tuned_")
    np.testing.assert_array_equal(curve.losses, model.find_learning_rate(X, y).losses)


def test_the_history_is_drawn_under_its_verdict(photos: Photos) -> None:
    model = _classifier(epochs=3, validation_fraction=0.25).fit(*photos)
    figure = model.plot_history()
    assert diagnose(model.history_).verdict in figure.get_suptitle()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        _classifier().plot_history()
