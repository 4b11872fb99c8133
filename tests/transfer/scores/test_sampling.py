"""A sample has every class, in proportion, and is the same for one seed."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.exceptions import InvalidParameterError
from hybridml.transfer.scores.sampling import sample_positions

LABELS = np.array(["common"] * 900 + ["some"] * 99 + ["rare"])


def test_every_class_is_drawn_in_proportion() -> None:
    drawn = LABELS[sample_positions(LABELS, "classification", 100, 0)]
    names, counts = np.unique(drawn, return_counts=True)
    assert names.tolist() == ["common", "rare", "some"]
    assert counts[0] == pytest.approx(90, abs=1)
    assert len(drawn) == 100


def test_each_class_is_there_even_if_more_than_asked_for() -> None:
    labels = np.arange(10)
    assert len(sample_positions(labels, "classification", 4, 0)) == 10


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_draw_goes_by_the_seed(task: str) -> None:
    first, again, other = (
        sample_positions(LABELS, task, 50, seed)
        for seed in (0, 0, 1)  # type: ignore[arg-type]
    )
    assert first.tolist() == again.tolist() != other.tolist()
    assert (np.diff(first) > 0).all()


def test_few_images_are_all_taken() -> None:
    assert sample_positions(LABELS, "classification", 5000, 0).tolist() == [
        *range(1000)
    ]


@pytest.mark.parametrize("max_images", [0, 1, 2.5, "all"])
def test_number_of_images_is_checked(max_images: object) -> None:
    with pytest.raises(InvalidParameterError, match="Got max_images="):
        sample_positions(LABELS, "classification", max_images, 0)  # type: ignore[arg-type]
