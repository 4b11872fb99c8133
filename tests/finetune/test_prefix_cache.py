"""Frozen layers run once for each image and view, and the result stays the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from hybridml import FeatureStore, FineTuneClassifier
from hybridml.backbones.counting import images_forwarded
from hybridml.backbones.separating import Separation
from hybridml.exceptions import CacheWarning
from hybridml.finetune.learning import model as model_module

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]
SCOPES = ["head", "last2", "stem"]
CORNERS = [
    pytest.param(scope, marks=() if scope == "last2" else pytest.mark.slow)
    for scope in SCOPES
]
N_TRAIN, N_HELD_OUT, EPOCHS = 12, 4, 6


def _classifier(**changed: Any) -> FineTuneClassifier:
    settings = {
        "epochs": EPOCHS,
        "patience": None,
        "validation_fraction": 0.25,
        "batch_size": 4,
        "learning_rate": 0.003,
        "store": None,
        "precision": "fp32",
        "refit": False,
    }
    return FineTuneClassifier(**{"backbone": "tiny", **settings, **changed})


def _forwarded(model: FineTuneClassifier, photos: Photos) -> int:
    """Images that a fit sends through, the probe's features aside."""
    before = images_forwarded()
    model.fit(*photos)
    return images_forwarded() - before - len(photos[0])


def _difference(one: Any, other: Any) -> float:
    pairs = zip(
        one.tuned_.tensors().values(), other.tuned_.tensors().values(), strict=True
    )
    return max(float((a.double() - b.double()).abs().max()) for a, b in pairs)


@pytest.mark.parametrize("trainable", SCOPES)
@pytest.mark.parametrize("augmentation", ["none", "standard"])
def test_kept_outputs_change_no_bit_of_the_weights(
    photos: Photos, trainable: str, augmentation: str
) -> None:
    given = {"trainable": trainable, "augmentation": augmentation, "n_views": EPOCHS}
    kept = _classifier(**given).fit(*photos)
    anew = _classifier(**given, prefix_cache=False).fit(*photos)
    assert kept.best_epoch_ > 0
    assert _difference(kept, anew) == 0
    pd.testing.assert_frame_equal(
        kept.history_.drop(columns="seconds"),
        anew.history_.drop(columns="seconds"),
        check_exact=True,
    )


@pytest.mark.parametrize("trainable", CORNERS)
def test_kept_outputs_change_no_bit_in_bfloat16(photos: Photos, trainable: str) -> None:
    # What the frozen part gives is kept in the dtype that it comes in.
    given = {"trainable": trainable, "augmentation": "none", "precision": "bf16"}
    kept = _classifier(**given).fit(*photos)
    anew = _classifier(**given, prefix_cache=False).fit(*photos)
    assert _difference(kept, anew) == 0


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_divided_network_learns_what_the_whole_one_learns(
    photos: Photos, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    given = {"trainable": "last2", "augmentation": "none", "precision": precision}
    divided = _classifier(**given).fit(*photos)
    leave_whole(monkeypatch)
    with pytest.warns(CacheWarning, match="cannot be kept, since it is a test"):
        whole = _classifier(**given).fit(*photos)
    # Folded batch norms round otherwise; bfloat16 has 8 bits, and AdamW steps of the
    # full rate, 0.003, whatever the gradient's size: a sign may flip here and there.
    assert _difference(divided, whole) < (1e-3 if precision == "fp32" else 0.03)
    np.testing.assert_allclose(
        divided.predict_proba(photos[0]),
        whole.predict_proba(photos[0]),
        atol=1e-3 if precision == "fp32" else 0.02,
    )


def leave_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        model_module, "separate", lambda cut: Separation(None, cut, "it is a test")
    )


@pytest.mark.parametrize("trainable", CORNERS)
@pytest.mark.parametrize(
    ("augmentation", "n_views", "expected"),
    [("none", "auto", 1), ("light", 3, 3), ("light", "auto", 4), ("light", 99, EPOCHS)],
)
def test_images_go_through_once_a_view(
    photos: Photos,
    trainable: str,
    augmentation: str,
    n_views: str | int,
    expected: int,
) -> None:
    model = _classifier(trainable=trainable, augmentation=augmentation, n_views=n_views)
    assert _forwarded(model, photos) == expected * N_TRAIN + N_HELD_OUT


def test_a_refit_sends_the_held_out_images_through_as_learned_ones(
    photos: Photos,
) -> None:
    given = {"trainable": "last2", "augmentation": "light", "n_views": 1}
    model = _classifier(**given, refit="auto")
    forwarded = _forwarded(model, photos)
    assert model.best_epoch_ > 0
    assert forwarded == N_TRAIN + 2 * N_HELD_OUT


@pytest.mark.parametrize(
    "given", [{"prefix_cache": False, "trainable": "last2"}, {"trainable": "all"}]
)
def test_else_images_go_through_in_every_epoch(
    photos: Photos, given: dict[str, Any]
) -> None:
    forwarded = _forwarded(_classifier(**given), photos)
    assert forwarded == EPOCHS * N_TRAIN + (EPOCHS + 1) * N_HELD_OUT


def test_kept_outputs_leave_nothing_on_the_disk(photos: Photos, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    _classifier(trainable="last2", store=store).fit(*photos)
    names = {path.name for path in (tmp_path / "store").iterdir()}
    assert not {name for name in names if name.startswith("hybridml-")}


class _Deciding(nn.Module):
    """A network that cannot be traced: which way it goes depends on the maps."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2)
        self.second = nn.Conv2d(4, 4, 3, stride=2)
        self.pool, self.flatten = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.out = nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.first(images)
        if maps.shape[2] > 1000:
            maps = -maps
        scores: Tensor = self.out(self.flatten(self.pool(self.second(maps))))
        return scores


def test_why_outputs_cannot_be_kept_is_said(photos: Photos) -> None:
    torch.manual_seed(0)
    model = _classifier(backbone=_Deciding(), trainable="head", image_size=32)
    message = r"The frozen layers are run again .* since the network has no graph\."
    with pytest.warns(CacheWarning, match=message):
        model.fit(*photos)
    assert model.predict(photos[0]).shape == (16,)
