"""``hybridml advise``: advice in words, and for scripts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hybridml.testing import register_tiny_backbone
from tests.cli.conftest import Typed

NETWORK = ("--backbone", "tiny", "--no-store")


@pytest.fixture(autouse=True)
def _tiny_backbone() -> None:
    register_tiny_backbone()


def test_advice_is_given_in_words(photos: Path, typed: Typed) -> None:
    left = typed("advise", photos, *NETWORK)
    assert left.code == 0
    assert "Looking at 18 images" in left.err
    assert left.out.startswith(
        "case 1: deep features and a shallow head (tiny, ensemble of"
    )
    assert "By size and similarity alone" in left.out


def test_training_part_alone_is_looked_at(split_photos: Path, typed: Typed) -> None:
    assert "Looking at 12 images" in typed("advise", split_photos, *NETWORK).err


def test_json_is_alone_on_stdout(photos: Path, typed: Typed) -> None:
    found = typed("advise", photos, *NETWORK, "--json").json
    assert found["case"] == 1
    assert found["facts"]["batch_norm_distance"] is None  # it has no batch norms
    assert found["evidence"][0]["cut_layer"] == "logits"


def test_counts_are_a_regression_where_it_is_said(manifest: Path, typed: Typed) -> None:
    table, counts = pd.read_csv(manifest), manifest.with_name("counts.csv")
    table.assign(count=range(len(table))).to_csv(counts, index=False)
    columns = ("--image", "file", "--target", "count", "--task", "regression")
    left = typed("advise", "--manifest", counts, *columns, *NETWORK, "--json")
    assert left.code == 0
    assert left.json["case"] == 1
    assert len(left.json["evidence"]) == 4
