"""Features of several cut layers side by side are those of each, and cost one pass."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from torch import nn
from torchvision.models import VisionTransformer

from hybridml import DeepFeatureExtractor, FeatureStore, make_head
from hybridml.backbones import Backbone, Preprocessing, Stage, register_backbone
from hybridml.backbones.loading import load_network
from hybridml.backbones.normalising import normalise
from hybridml.exceptions import (
    InvalidParameterError,
    UnknownCutLayerError,
    WeightsError,
)
from hybridml.features.request import make_request
from hybridml.testing import make_photos, register_tiny_backbone

PHOTOS, LABELS = make_photos(24)
MIXED = ["penultimate", "stem", "stage1.0", -1]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


@pytest.fixture(scope="module")
def vit() -> str:
    """Register a vision transformer of two blocks and 4 x 4 patches."""

    def build(n_classes: int) -> nn.Module:
        network = VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=n_classes)
        nn.init.normal_(network.heads.head.weight)
        return network

    stages = (
        Stage("stem", "conv_proj"),
        Stage("stage1", "encoder.layers.encoder_layer_0", "tokens"),
        Stage("stage2", "encoder.ln", "tokens"),
        Stage("penultimate", "getitem_5", "vector"),
        Stage("logits", "heads.head", "vector"),
    )
    declared = Backbone(
        "tiny_vit", build, stages, Preprocessing(32, 32), fixed_image_size=True
    )
    register_backbone(declared, overwrite=True)
    return declared.name


def tiny(**parameters: Any) -> DeepFeatureExtractor:
    return DeepFeatureExtractor(
        register_tiny_backbone(), **{"store": None, **parameters}
    )


@pytest.mark.parametrize("pooling", ["mean", "mean_max", "gem", "grid4", "flatten"])
@pytest.mark.parametrize("cuts", [["stem", "penultimate"], ["logits", 1, 0], MIXED])
def test_a_list_gives_the_features_of_each_side_by_side(
    store: FeatureStore, cuts: list[Any], pooling: str
) -> None:
    singles = [tiny(cut_layer=c, pooling=pooling).transform(PHOTOS) for c in cuts]
    for where in (None, store, store):
        found = tiny(cut_layer=cuts, pooling=pooling, store=where).transform(PHOTOS)
        np.testing.assert_array_equal(found, np.hstack(singles))
    assert store.stats()["images_forwarded"] == 24


def test_a_tuple_a_list_of_one_and_a_position_are_what_they_stand_for() -> None:
    expected = tiny(cut_layer="stage1").transform(PHOTOS)
    for cut_layer in (["stage1"], ("stage1",), 1, -3, [1]):
        found = tiny(cut_layer=cut_layer).transform(PHOTOS)
        np.testing.assert_array_equal(found, expected, err_msg=str(cut_layer))


@pytest.mark.parametrize(
    ("pooling", "n_forwarded"), [("mean", 24), ("grid2", 24), ("grid4", 2 * 24)]
)
def test_lists_and_single_layers_share_the_rows_of_all_the_stages(
    store: FeatureStore, pooling: str, n_forwarded: int
) -> None:
    for cuts in ("stem", ["stage1", "stem"], ["stem", "stage1"], [1, 0]):
        tiny(cut_layer=cuts, pooling=pooling, store=store).transform(PHOTOS)
    assert store.stats()["images_forwarded"] == n_forwarded


def test_a_search_over_lists_forwards_each_image_once(store: FeatureStore) -> None:
    grid = {"extract__cut_layer": [["stem", "penultimate"], "stage1", -2]}
    scores = []
    for where in (store, None):
        steps = [("extract", tiny(store=where)), ("head", make_head("linear_svm"))]
        search = GridSearchCV(Pipeline(steps), grid, cv=3).fit(PHOTOS, LABELS)
        scores.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
    assert store.stats()["images_forwarded"] == 24


def test_clones_and_pickles_keep_the_list() -> None:
    cuts = ["stage1", -1]
    extractor = tiny(cut_layer=cuts)
    assert extractor.get_params()["cut_layer"] is cuts
    assert clone(extractor).cut_layer == cuts
    expected = extractor.fit_transform(PHOTOS)
    for copied in (clone(extractor), pickle.loads(pickle.dumps(extractor))):
        np.testing.assert_array_equal(copied.transform(PHOTOS), expected)
    assert cuts == ["stage1", -1]


def test_columns_are_named_after_their_layer() -> None:
    extractor = tiny(cut_layer=[-2, "stem"]).set_output(transform="pandas")
    names = list(extractor.fit_transform(PHOTOS[:2]).columns)
    assert names[:2] == ["tiny_penultimate_0", "tiny_penultimate_1"]
    assert names[16:18] == ["tiny_stem_0", "tiny_stem_1"]
    assert len(names) == len(set(names)) == extractor.n_features_out_ == 24
    moved = extractor.set_params(cut_layer="stage1")
    assert moved.transform(PHOTOS[:2]).columns[0] == "tiny_stage1_0"


def test_an_empty_x_has_all_the_columns(store: FeatureStore) -> None:
    for where in (None, store):
        assert tiny(cut_layer=MIXED, store=where).transform([]).shape == (0, 50)


def test_a_bad_image_is_a_row_of_nan(store: FeatureStore) -> None:
    images = [*PHOTOS[:2], b"no image"]
    for where in (None, store):
        extractor = tiny(cut_layer=["stem", -2], store=where, on_bad_image="nan")
        rows = extractor.transform(np.array(images, dtype=object))
        assert np.isnan(rows).all(axis=1).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("cut_layer", "error", "message"),
    [
        ([], InvalidParameterError, "expected at least one cut layer"),
        (["stem", "stem"], InvalidParameterError, "expected each layer once"),
        ([-1, "logits"], InvalidParameterError, "'logits' is in it more than once"),
        (4, UnknownCutLayerError, "Got cut_layer=4; expected a position from -4 to 3"),
        (None, UnknownCutLayerError, "Got cut_layer=None; expected a name, a position"),
        (["stem", "stage_1"], UnknownCutLayerError, "Did you mean 'stage1'"),
    ],
)
def test_wrong_cut_layers_are_refused(
    cut_layer: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        tiny(cut_layer=cut_layer).fit(PHOTOS)


def test_a_position_counts_the_stages_that_the_weights_do_not_reach(
    tmp_path: Path,
) -> None:
    state = load_network(register_tiny_backbone()).trainable_copy().state_dict()
    kept = {n: v for n, v in state.items() if not n.startswith("logits")}
    torch.save(kept, tmp_path / "headless.pth")
    extractor = tiny(weights=tmp_path / "headless.pth", cut_layer=-2)
    assert extractor.fit_transform(PHOTOS).shape == (24, 16)
    with pytest.raises(WeightsError, match="The weights end before cut_layer='logits'"):
        extractor.set_params(cut_layer=["stem", -1]).fit(PHOTOS)


def test_a_stored_row_holds_what_its_pooling_allows(vit: str) -> None:
    network = load_network(vit, weights=None)
    every = ["stem", "stage1", "stage2", "penultimate", "logits"]
    for cuts, pooling, held, wanted in (
        (["logits", "stem"], "mean", every, (4, 0)),
        (["stage2", 1], "class_token", every[1:], (1, 0)),
        (["logits", "stem"], "grid4", ["stem", "logits"], (1, 0)),
        (["stage1", "encoder.dropout"], "gem", ["stage1", "encoder.dropout"], (0, 1)),
    ):
        request = make_request(network, cuts, pooling)
        assert [field.name for field in request.fields] == held
        assert request.wanted == wanted
        assert list(request.widths) == held
        assert request.row_width == sum(request.widths.values())


@pytest.mark.parametrize("pooling", ["mean", "max", "gem", "grid2", "grid4", "flatten"])
def test_tokens_are_stored_and_computed_alike(
    store: FeatureStore, vit: str, pooling: str
) -> None:
    settings: dict[str, Any] = {"weights": None, "pooling": pooling}
    cuts = ["stage2", "stem", "penultimate"]
    singles = [
        DeepFeatureExtractor(vit, cut_layer=c, store=None, **settings) for c in cuts
    ]
    expected = np.hstack([single.transform(PHOTOS) for single in singles])
    for _ in range(2):
        both = DeepFeatureExtractor(vit, cut_layer=cuts, store=store, **settings)
        np.testing.assert_array_equal(both.transform(PHOTOS), expected)


def test_the_class_token_is_the_networks_own(store: FeatureStore, vit: str) -> None:
    settings: dict[str, Any] = {"weights": None, "precision": "fp32"}
    cuts = ["stage2", "penultimate"]
    extractor = DeepFeatureExtractor(
        vit, cut_layer=cuts, pooling="class_token", store=store, **settings
    )
    tokens, vectors = np.split(extractor.transform(PHOTOS), 2, axis=1)
    np.testing.assert_array_equal(tokens, vectors)

    network = load_network(vit, **settings)
    module = network.trainable_copy()
    seen: list[torch.Tensor] = []
    module.heads.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    images = make_photos(24, side=32)[0]
    with torch.inference_mode():
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
        module(normalise(pixels, network.preprocessing))
    found = extractor.set_params(cut_layer="stage2").transform(images)
    np.testing.assert_allclose(found, seen[0].numpy(), rtol=1e-4, atol=1e-5)


def test_a_class_token_of_maps_is_refused_with_the_stages_that_have_one(
    vit: str,
) -> None:
    extractor = DeepFeatureExtractor(
        vit, weights=None, cut_layer=["stage1", "stem"], pooling="class_token"
    )
    expected = (
        "Got pooling='class_token'; expected one that cut_layer='stem' of 'tiny_vit' "
        "allows: it gives no class token. Cut at 'stage1' or 'stage2', or pass"
    )
    with pytest.raises(InvalidParameterError, match=expected):
        extractor.fit(PHOTOS)
    with pytest.raises(InvalidParameterError, match=r"of 'tiny' .*\. Pass pooling="):
        tiny(cut_layer="stem", pooling="class_token").fit(PHOTOS)
