"""Real products: what fusing photos and attributes gains, and what gaps cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml import (
    DeepFeatureExtractor,
    EarlyFusionClassifier,
    IntermediateFusionClassifier,
    LateFusionClassifier,
)
from tests.conftest import SHARED

ATTRIBUTES = ["articleType", "baseColour", "year", "season", "gender"]
TARGET = "usage"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

Products = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a store that all tests of this file share."""
    return tmp_path_factory.mktemp("products")


@pytest.fixture(scope="module")
def products() -> Products:
    """Give the training rows and the test rows, images as paths."""
    folder = SHARED / "data" / "fashion_multimodal"
    if not folder.is_dir():
        pytest.skip(f"real data sets are not at {folder.parent}")
    table = pd.read_csv(folder / "manifest.csv")
    table["image"] = [str(folder / name) for name in table["image"]]
    is_train = table["split"] == "train"
    return table[is_train], table[~is_train]


def _modalities(store: Path, *names: str) -> list[Any]:
    every = {
        "image": ("image", DeepFeatureExtractor(store=store), "image"),
        "table": ("table", "tabular", ATTRIBUTES),
    }
    return [every[name] for name in names or every]


def _score(model: Any, rows: pd.DataFrame) -> float:
    return float((model.predict(rows) == rows[TARGET]).mean())


@pytest.mark.parametrize(
    ("kind", "gain"),
    [
        (EarlyFusionClassifier, 0.02),
        (LateFusionClassifier, 0.01),
        (IntermediateFusionClassifier, 0.01),
    ],
)
def test_fusion_gains_and_gaps_cost_less_than_columns(
    kind: Any, gain: float, products: Products, store: Path
) -> None:
    train, test = products
    both = kind(_modalities(store)).fit(train, train[TARGET])
    image, table = (
        kind(_modalities(store, name)).fit(train, train[TARGET])
        for name in ("image", "table")
    )
    alone = max(_score(image, test), _score(table, test))
    assert _score(both, test) >= alone + gain
    blind = test.assign(image=None)
    assert _score(both, blind) >= _score(table, test) - 0.01
    lost = np.random.default_rng(0).random(len(test)) < 0.3
    gaps = test.assign(image=test["image"].where(~lost, None))
    assert _score(both, gaps) > _score(table, test)
