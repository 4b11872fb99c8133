from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

from hybridml import DeepFeatureExtractor, FeatureStore, load_image_folder, make_head
from hybridml.backbones.pooling import POOLINGS
from hybridml.exceptions import (
    DataError,
    ImageDecodeError,
    InvalidParameterError,
    StoreWarning,
    UnknownBackboneError,
    UnknownCutLayerError,
    WeightsError,
)
from hybridml.testing import make_photos, register_tiny_backbone

PHOTOS, LABELS = make_photos(24)
OF_MAPS = [pooling for pooling in POOLINGS if pooling != "class_token"]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    found = []
    for i, photo in enumerate(PHOTOS):
        found.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(photo).save(found[-1])
    return found


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


def tiny(**parameters: Any) -> DeepFeatureExtractor:
    return DeepFeatureExtractor(
        register_tiny_backbone(), **{"store": None, **parameters}
    )


def png(photo: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "png")
    return buffer.getvalue()


def containers(paths: list[str]) -> dict[str, Any]:
    return {
        "paths": paths,
        "Path objects": [Path(path) for path in paths],
        "array of paths": np.array(paths),
        "series": pd.Series(paths, index=range(100, 100 + len(paths))),
        "data frame": pd.DataFrame({"image": paths}),
        "bytes": [png(photo) for photo in PHOTOS],
        "PIL images": [Image.fromarray(photo) for photo in PHOTOS],
        "list of arrays": list(PHOTOS),
        "stack": PHOTOS,
    }


def test_every_container_gives_the_same_features(paths: list[str]) -> None:
    expected = tiny().fit_transform(PHOTOS)
    assert expected.shape == (24, 16)
    assert expected.dtype == np.float32
    for name, X in containers(paths).items():
        np.testing.assert_array_equal(tiny().fit_transform(X), expected, err_msg=name)


def test_order_follows_input_and_batches_do_not_matter(store: FeatureStore) -> None:
    expected = tiny().transform(PHOTOS)
    order = np.random.default_rng(0).permutation(len(PHOTOS))
    for batch_size in (1, 5, 100):
        for where in (None, store):
            extractor = tiny(batch_size=batch_size, store=where)
            np.testing.assert_array_equal(
                extractor.transform(PHOTOS[order]), expected[order]
            )


@pytest.mark.parametrize(
    "cut_layer", ["stem", "stage1", "penultimate", "logits", "pool"]
)
@pytest.mark.parametrize("pooling", OF_MAPS)
def test_a_stored_row_equals_a_computed_one(
    store: FeatureStore, cut_layer: str, pooling: str
) -> None:
    settings = {"cut_layer": cut_layer, "pooling": pooling}
    expected = tiny(**settings).transform(PHOTOS)
    for _ in range(2):
        found = tiny(store=store, **settings).transform(PHOTOS)
        np.testing.assert_array_equal(found, expected)
    assert store.stats()["images_forwarded"] == 24


def test_one_pass_serves_every_stage(store: FeatureStore) -> None:
    for cut_layer in ("logits", "stem", "penultimate", "stage1"):
        tiny(store=store, cut_layer=cut_layer).transform(PHOTOS)
    stats = store.stats()
    assert stats["images_forwarded"] == stats["misses"] == 24
    assert stats["hits"] == 3 * 24


def test_a_search_over_cut_layers_forwards_each_image_once(
    store: FeatureStore, paths: list[str]
) -> None:
    grid = {
        "extract__cut_layer": ["stem", "stage1", "penultimate"],
        "head__head__C": [0.01, 1],
    }
    scores = []
    for where in (store, None):
        steps = [("extract", tiny(store=where)), ("head", make_head("linear_svm"))]
        search = GridSearchCV(Pipeline(steps), grid, cv=3).fit(paths, LABELS)
        scores.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
    assert store.stats()["images_forwarded"] == 24


@pytest.mark.slow
def test_worker_processes_share_the_store(
    store: FeatureStore, paths: list[str]
) -> None:
    pipeline = make_pipeline(
        DeepFeatureExtractor("resnet18", weights=None, image_size=64, store=store),
        make_head("logistic"),
    )
    cross_val_score(pipeline, paths, LABELS, cv=4, n_jobs=2, error_score="raise")
    assert store.stats()["images_forwarded"] == 24


def test_equal_images_are_computed_once(store: FeatureStore, paths: list[str]) -> None:
    found = tiny(store=store).transform([paths[0], paths[1], paths[0]])
    np.testing.assert_array_equal(found[0], found[2])
    tiny(store=store).transform([Path(paths[1]).read_bytes()])
    assert store.stats()["images_forwarded"] == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"backbone": "tiny2"},
        {"pooling": "max"},
        {"image_size": 40},
        {"precision": "bf16"},
        {"weights": None, "random_state": 1},
        {"weights": None, "random_state": 2},
    ],
)
def test_whatever_changes_a_number_is_a_miss(
    store: FeatureStore, changed: dict[str, Any]
) -> None:
    register_tiny_backbone("tiny2", seed=2)
    tiny(store=store, precision="fp32").transform(PHOTOS)
    before = store.stats()["hits"]
    settings = {"precision": "fp32", **changed}
    extractor = tiny(store=store).set_params(**settings)
    expected = tiny().set_params(**settings).transform(PHOTOS)
    np.testing.assert_array_equal(extractor.transform(PHOTOS), expected)
    assert store.stats()["hits"] == before


def test_whatever_changes_no_number_is_a_hit(
    store: FeatureStore, paths: list[str], tmp_path: Path
) -> None:
    tiny(store=store).transform(paths)
    moved = Path(paths[0]).rename(tmp_path / "moved.png")
    tiny(store=store, batch_size=7, n_jobs=1, random_state=5).transform(
        [moved, *paths[1:]]
    )
    assert store.stats()["images_forwarded"] == 24


def test_a_file_written_anew_is_a_miss(store: FeatureStore, paths: list[str]) -> None:
    before = tiny(store=store).transform(paths[:1])
    Image.fromarray(PHOTOS[5]).save(paths[0])
    assert not np.array_equal(tiny(store=store).transform(paths[:1]), before)


def test_a_clone_with_another_backbone_gives_its_features() -> None:
    register_tiny_backbone("tiny2", seed=2)
    fitted = tiny().fit(PHOTOS)
    expected = DeepFeatureExtractor("tiny2", store=None).fit_transform(PHOTOS)
    changed = clone(fitted).set_params(backbone="tiny2")
    np.testing.assert_array_equal(changed.fit_transform(PHOTOS), expected)
    np.testing.assert_array_equal(
        fitted.set_params(backbone="tiny2").transform(PHOTOS), expected
    )


def test_a_pickle_is_small_and_gives_the_same(paths: list[str]) -> None:
    fitted = tiny().fit(paths)
    pickled = pickle.dumps(fitted)
    assert len(pickled) < 2000
    np.testing.assert_array_equal(
        pickle.loads(pickled).transform(paths), fitted.transform(paths)
    )


def test_other_weights_than_those_of_fit_are_refused() -> None:
    fitted = tiny().fit(PHOTOS)
    fitted.weights_digest_ = "another"
    with pytest.raises(WeightsError, match="are not those it was fitted with"):
        fitted.transform(PHOTOS)


def test_fit_does_not_modify_its_input() -> None:
    before = PHOTOS.copy()
    tiny().fit_transform(PHOTOS)
    np.testing.assert_array_equal(PHOTOS, before)


def test_pandas_output_names_the_columns() -> None:
    frame = tiny().set_output(transform="pandas").fit_transform(PHOTOS)
    assert list(frame.columns[:2]) == ["tiny_penultimate_0", "tiny_penultimate_1"]
    assert len(tiny().get_feature_names_out()) == 16


def test_an_empty_x_transforms_and_does_not_fit(store: FeatureStore) -> None:
    for where in (None, store):
        assert tiny(store=where).transform([]).shape == (0, 16)
    with pytest.raises(DataError, match="Found no images"):
        tiny().fit([])


def test_one_image_alone_has_its_row(store: FeatureStore) -> None:
    expected = tiny().transform(PHOTOS)[3:4]
    np.testing.assert_array_equal(tiny(store=store).transform(PHOTOS[3:4]), expected)


@pytest.mark.parametrize("stored", [True, False])
def test_bad_images_are_all_named_and_the_good_ones_kept(
    store: FeatureStore, paths: list[str], stored: bool
) -> None:
    Path(paths[2]).write_bytes(b"no image")
    Path(paths[9]).unlink()
    extractor = tiny(store=store if stored else None)
    expected = r"(?s)2\.png' \(image 3 of 24\).*9\.png' \(image 10 of 24\)"
    with pytest.raises(ImageDecodeError, match=expected) as error:
        extractor.transform(paths)
    assert set(error.value.failures) == {2, 9}
    if stored:
        assert store.stats()["rows"] == 22
    rows = extractor.set_params(on_bad_image="nan").transform(paths)
    assert np.flatnonzero(np.isnan(rows).any(axis=1)).tolist() == [2, 9]


def test_a_store_that_cannot_be_written_costs_a_warning_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    extractor = tiny(store=FeatureStore(tmp_path / "file"))
    with pytest.warns(StoreWarning, match="going on without it"):
        found = extractor.transform(PHOTOS)
    np.testing.assert_array_equal(found, tiny().transform(PHOTOS))


def test_wrong_names_get_suggestions() -> None:
    with pytest.raises(UnknownBackboneError, match="Did you mean 'resnet50'"):
        DeepFeatureExtractor("resnet5O").fit(PHOTOS)
    with pytest.raises(UnknownCutLayerError, match="Did you mean 'stage1'"):
        tiny(cut_layer="stage_1").fit(PHOTOS)
    with pytest.raises(InvalidParameterError, match="Did you mean 'mean'"):
        tiny(pooling="mea").fit(PHOTOS)


def test_wrong_parameters_are_named_all_at_once() -> None:
    wrong = {
        "image_size": 0,
        "batch_size": -1,
        "on_bad_image": "skip",
        "in_channels": 0,
    }
    expected = "image_size=0.*in_channels=0.*batch_size=-1.*on_bad_image='skip'"
    with pytest.raises(InvalidParameterError, match=expected):
        tiny(**wrong).fit(PHOTOS)


def test_progress_is_shown_on_stderr_only(
    store: FeatureStore, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny(store=store, verbose=1).transform(PHOTOS)
    captured = capsys.readouterr()
    assert captured.out == ""


@pytest.mark.slow
def test_the_default_backbone_names_real_photos(shared_data: Path) -> None:
    assert _n_named_right(shared_data, DeepFeatureExtractor()) >= 85


@pytest.mark.slow
def test_mobilenet_from_a_file_names_real_photos(
    shared_data: Path, shared_weights: Path
) -> None:
    weights = shared_weights / "mobilenet_v2-b0353104.pth"
    extractor = DeepFeatureExtractor("mobilenet_v2", weights=weights)
    assert _n_named_right(shared_data, extractor) >= 82


def _n_named_right(shared_data: Path, extractor: DeepFeatureExtractor) -> int:
    folder = shared_data / "imagenet_sample"
    synsets = (folder / "synsets1000.txt").read_text().splitlines()
    order = {line.split()[0]: i for i, line in enumerate(synsets)}
    paths = sorted(folder.glob("*.JPEG"))
    truth = np.array([order[path.name.split("_")[0]] for path in paths])
    outputs = extractor.set_params(cut_layer="logits", store=None).transform(paths)
    return int((outputs.argmax(axis=1) == truth).sum())


@pytest.mark.slow
def test_a_search_on_real_photos_forwards_each_once(
    shared_data: Path, store: FeatureStore
) -> None:
    paths, labels = load_image_folder(shared_data / "cats_vs_dogs", split="train")
    chosen = np.random.default_rng(0).permutation(len(paths))[:300]
    X, y = np.array(paths)[chosen], labels[chosen]
    layers = ["stage3", "stage5", "stage7", "penultimate"]
    grid = {"extract__cut_layer": layers, "head__head__C": [0.0001, 0.001, 0.01]}
    scores = []
    for where in (store, None):  # without a store, 18,300 passes: of small images
        extractor = DeepFeatureExtractor(store=where, image_size=64)
        steps = [("extract", extractor), ("head", make_head("linear_svm"))]
        search = GridSearchCV(Pipeline(steps), grid, cv=5).fit(X, y)
        scores.append(search.cv_results_["mean_test_score"])
    assert store.stats()["images_forwarded"] == 300
    np.testing.assert_array_equal(*scores)
