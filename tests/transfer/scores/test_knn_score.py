"""The neighbours' score is that of an explicit loop that leaves each image out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import f1_score, r2_score

from hybridml.exceptions import InvalidParameterError
from hybridml.transfer import knn_score
from tests.transfer.scores.conftest import SHAPES, Floats, make_features


def _nearest(features: Floats, image: int, n_neighbors: int) -> list[int]:
    def cosine(other: int) -> float:
        a, b = features[image], features[other]
        return float(a @ b / np.sqrt(a @ a) / np.sqrt(b @ b))

    others = [i for i in range(len(features)) if i != image]
    return sorted(others, key=cosine, reverse=True)[:n_neighbors]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n_neighbors", [1, 5])
def test_score_of_classes_is_the_share_of_right_votes(
    shape: tuple[int, int], n_neighbors: int
) -> None:
    features, labels = make_features(*shape, gap=0.5)
    right = 0
    for image, label in enumerate(labels):
        votes = Counter(labels[_nearest(features, image, n_neighbors)])
        most = max(votes.values())
        right += label == min(name for name in votes if votes[name] == most)
    score = knn_score(features, labels, n_neighbors=n_neighbors)
    assert score == pytest.approx(right / len(labels))


@pytest.mark.parametrize("shape", SHAPES)
def test_score_of_numbers_is_r2_of_the_means(shape: tuple[int, int]) -> None:
    features, _ = make_features(*shape)
    numbers = features[:, 0] + 0.25
    means = [numbers[_nearest(features, image, 5)].mean() for image in range(shape[0])]
    assert knn_score(features, numbers) == pytest.approx(r2_score(numbers, means))


def test_score_of_labels_is_the_mean_f1() -> None:
    features, _ = make_features(30, 4)
    table = (features[:, :3] > 0).astype(int)
    table[:, 2] = 0  # a label that no image has does not count
    voted = [table[_nearest(features, i, 5)].mean(axis=0) > 0.5 for i in range(30)]
    each = [f1_score(table[:, k], np.array(voted)[:, k]) for k in range(2)]
    assert knn_score(features, table) == pytest.approx(np.mean(each))


def test_all_others_vote_where_there_are_few() -> None:
    assert knn_score([[1.0, 0], [1, 0.1], [0, 1]], list("aab"), n_neighbors=9) == 2 / 3


def test_number_of_neighbours_is_checked() -> None:
    with pytest.raises(InvalidParameterError, match="Got n_neighbors=0"):
        knn_score(np.eye(3), list("aab"), n_neighbors=0)
