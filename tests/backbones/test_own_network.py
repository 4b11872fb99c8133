"""A network given as a module is a backbone as it stands: its code and its weights."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import Tensor, nn

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.backbones import get_backbone, list_cut_layers
from hybridml.backbones.network import load_network, normalise
from hybridml.backbones.own_network import network_name
from hybridml.exceptions import (
    InvalidParameterError,
    UnknownCutLayerError,
    WeightsError,
)
from hybridml.testing import make_photos

X = make_photos(5, side=32)[0]


class Small(nn.Module):
    def __init__(self, scale: float = 1.0, channels: int = 3) -> None:
        super().__init__()
        self.scale = scale
        self.stem = nn.Sequential(nn.Conv2d(channels, 6, 3, stride=2), nn.ReLU())
        self.body = nn.Sequential(nn.Conv2d(6, 8, 3, stride=2), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.hidden = nn.Linear(8, 12)
        self.head = nn.Linear(12, 4)

    def forward(self, images: Tensor) -> Tensor:
        pooled = self.pool(self.body(self.stem(images))).flatten(1)
        return self.head(torch.relu(self.hidden(pooled)) * self.scale)


class Undecided(Small):
    """Decides by the values that it sees, so that it has no graph."""

    def forward(self, images: Tensor) -> Tensor:
        maps = self.stem(images)
        if images.shape[0] > 10_000:
            maps = maps + 1
        pooled = self.pool(self.body(maps)).flatten(1)
        return self.head(torch.relu(self.hidden(pooled)) * self.scale)


def make(kind: type[Small] = Small, seed: int = 0, **options: float) -> Small:
    torch.manual_seed(seed)
    return kind(**options).eval()


def extractor(network: nn.Module, **options: object) -> DeepFeatureExtractor:
    settings = {"image_size": 32, "store": None, "precision": "fp32", **options}
    return DeepFeatureExtractor(network, **settings)


def penultimate_of(network: Small) -> np.ndarray:
    seen: list[Tensor] = []
    images = torch.from_numpy(X).permute(0, 3, 1, 2)
    preprocessing = get_backbone(network).preprocessing
    hook = network.head.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with hook, torch.inference_mode():
        network(normalise(images, preprocessing))
    return seen[0].numpy()


@pytest.mark.parametrize("kind", [Small, Undecided])
def test_features_are_what_the_last_linear_layer_is_given(kind: type[Small]) -> None:
    network = make(kind)
    found = load_network(network, image_size=32, precision="fp32")
    got = found.features(X, found.stages, "mean")
    np.testing.assert_allclose(
        got["penultimate"], penultimate_of(network), rtol=1e-4, atol=1e-5
    )
    assert got["logits"].shape == (5, 4)


@pytest.mark.parametrize("kind", [Small, Undecided])
def test_it_is_cut_at_any_module(kind: type[Small]) -> None:
    network = make(kind)
    for cut_layer, width in {"stem": 6, "stem.0": 6, "body": 8, "hidden": 12}.items():
        features = extractor(network, cut_layer=cut_layer).fit_transform(X)
        assert features.shape == (5, width)
    with pytest.raises(UnknownCutLayerError, match="Did you mean 'body'"):
        extractor(network, cut_layer="bodi").fit(X)


def test_nodes_without_a_module_are_cut_layers_too() -> None:
    assert extractor(make(), cut_layer="relu").fit_transform(X).shape == (5, 12)


@pytest.mark.parametrize("kind", [Small, Undecided])
def test_clones_and_pickles_give_the_same_features(kind: type[Small]) -> None:
    fitted = extractor(make(kind)).fit(X)
    expected = fitted.transform(X)
    for other in (clone(fitted), pickle.loads(pickle.dumps(fitted))):
        assert other.backbone is not fitted.backbone
        np.testing.assert_array_equal(other.transform(X), expected)


def test_clones_share_one_network() -> None:
    network = make()
    again = clone(extractor(network)).backbone
    assert load_network(network, image_size=32) is load_network(again, image_size=32)


def test_weights_changed_in_place_are_seen() -> None:
    network = make()
    fitted = extractor(network).fit(X)
    before = load_network(network, image_size=32, precision="fp32")
    with torch.no_grad():
        network.hidden.weight.mul_(2)
    network.hidden.bias.data.zero_()
    after = load_network(network, image_size=32, precision="fp32")
    assert after is not before
    got = after.features(X, after.stages, "mean")["penultimate"]
    np.testing.assert_allclose(got, penultimate_of(network), rtol=1e-4, atol=1e-5)
    with pytest.raises(WeightsError, match="'small' are not those it was fitted with"):
        fitted.transform(X)


def test_the_store_keeps_equal_weights_in_other_networks_apart(
    tmp_path: object,
) -> None:
    store = FeatureStore(tmp_path)  # type: ignore[arg-type]
    plain, doubled = make(scale=1.0), make(scale=2.0)
    assert all(
        torch.equal(a, b)
        for a, b in zip(plain.parameters(), doubled.parameters(), strict=True)
    )
    once = extractor(plain, store=store).fit_transform(X)
    twice = extractor(doubled, store=store).fit_transform(X)
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-5)
    extractor(make(scale=1.0), store=store).fit_transform(X)
    assert store.stats()["images_forwarded"] == 10


@pytest.mark.parametrize("kind", [Small, Undecided])
def test_the_digest_covers_code_settings_and_weights(kind: type[Small]) -> None:
    digests = {
        get_backbone(network).digest
        for network in (
            make(kind),
            make(kind),
            make(kind).train(),
            make(kind, scale=3.0),
            make(kind, seed=1),
        )
    }
    assert len(digests) == 3


def test_two_classes_of_equal_parts_differ() -> None:
    assert get_backbone(make(Small)).digest != get_backbone(make(Undecided)).digest


def test_the_network_itself_is_left_as_it_is() -> None:
    network = make().train().double()
    extractor(network).fit_transform(X)
    assert network.training
    assert network.head.weight.dtype == torch.float64
    assert not network._forward_hooks


def test_columns_are_named_after_the_class() -> None:
    names = extractor(make()).fit(X).get_feature_names_out()
    assert names[0] == "small_penultimate_0"
    assert network_name("resnet18") == "resnet18"


@pytest.mark.parametrize("kind", [Small, Undecided])
def test_cut_layers_are_listed(kind: type[Small]) -> None:
    table = list_cut_layers(make(kind), image_size=32)
    assert table["name"].tolist() == ["penultimate", "logits"]
    every = list_cut_layers(make(kind), image_size=32, all_nodes=True)
    assert {"stem.0", "stem.1", "pool", "hidden"} <= set(every["name"])
    assert every["gmacs"].is_monotonic_increasing


def test_other_weights_than_its_own_are_refused() -> None:
    for weights in (None, "somewhere.pth"):
        with pytest.raises(WeightsError, match="brings its own weights"):
            extractor(make(), weights=weights).fit(X)


def test_a_network_of_other_channels_takes_them() -> None:
    network = make(channels=5)
    stack = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 5), dtype=np.uint8)
    assert extractor(network, in_channels=5).fit_transform(stack).shape == (4, 12)
    with pytest.raises(InvalidParameterError, match="Set image_size and in_channels"):
        extractor(network).fit(X)


def test_images_that_do_not_pass_are_told_with_the_cure() -> None:
    dense = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 7))
    with pytest.raises(InvalidParameterError, match=r"images of shape=\(3, 224, 224\)"):
        extractor(dense, image_size=None).fit(X)
    assert extractor(dense).fit_transform(X).shape == (5, 3 * 32 * 32)
    grey = nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 7))
    features = extractor(grey, in_channels=1).fit_transform(X)
    assert features.shape == (5, 32 * 32)


def test_a_network_without_a_linear_layer_ends_in_its_output() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    stages = get_backbone(network).stages
    assert [stage.node for stage in stages] == ["2", "2"]
    assert extractor(network).fit_transform(X).shape == (5, 4)


class Several(Small):
    def forward(self, images: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        return {"logits": super().forward(images)}


def test_a_network_that_gives_no_tensor_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="one tensor with a row for each"):
        extractor(make(Several)).fit(X)
