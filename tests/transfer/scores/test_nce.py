"""NCE is the conditional entropy of an explicit joint table."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from hybridml.exceptions import DataError
from hybridml.transfer import nce


def _slow(sources: list[str], labels: list[str]) -> float:
    total = 0.0
    for source in set(sources):
        of_source = [y for z, y in zip(sources, labels, strict=True) if z == source]
        for label in set(of_source):
            share = of_source.count(label) / len(of_source)
            total += of_source.count(label) / len(labels) * log(share)
    return total


def test_score_is_the_entropy_of_the_joint_table() -> None:
    rng = np.random.default_rng(0)
    sources, labels = (
        list(rng.choice(list("uvwxyz"), 50)),
        list(rng.choice(list("abc"), 50)),
    )
    assert nce(sources, labels) == pytest.approx(_slow(sources, labels), abs=1e-12)


def test_one_source_label_leaves_the_entropy_of_the_labels() -> None:
    assert nce([7, 7, 7, 7], list("aabb")) == pytest.approx(-log(2))


def test_source_label_that_gives_it_away_scores_zero() -> None:
    assert nce([3, 1, 2, 2], list("aabb")) == 0


def test_as_many_source_labels_as_labels_are_expected() -> None:
    with pytest.raises(DataError, match="Got 3 images and 2 labels"):
        nce([1, 2, 3], ["a", "b"])


def test_source_labels_are_one_for_each_image() -> None:
    with pytest.raises(DataError, match=r"Got source_labels of shape \(2, 2\)"):
        nce([[1, 2], [3, 4]], ["a", "b"])


def test_a_missing_source_label_is_refused() -> None:
    with pytest.raises(DataError, match="missing"):
        nce(["x", None, "y"], list("aab"))
