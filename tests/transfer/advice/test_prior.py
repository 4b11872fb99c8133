from __future__ import annotations

import pytest

from hybridml.transfer.advice.prior import prior_of


@pytest.mark.parametrize(
    ("n_per_class", "is_similar", "expected"),
    [
        (20, True, (1, False, "small")),
        (20, False, (1, True, "small")),
        (100, True, (2, False, "medium")),
        (999, False, (1, True, "medium")),
        (1000, True, (3, False, "large")),
        (50_000, False, (3, False, "large")),
    ],
)
def test_table_is_that_of_the_course(
    n_per_class: float, is_similar: bool, expected: tuple[int, bool, str]
) -> None:
    prior = prior_of(n_per_class, is_similar)
    assert (prior.case, prior.is_early, prior.size) == expected


def test_reason_names_size_and_similarity() -> None:
    assert prior_of(1500, is_similar=False).reason == (
        "By size and similarity alone: large (1,500 images a class), unlike ImageNet; "
        "that suggests case 3."
    )
