"""Equal learners are rarely told apart, and much better ones often are."""

from __future__ import annotations

import pytest

from tests.comparing.statistics.simulation import simulate

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("design", ["5 folds", "5 folds twice", "one split"])
@pytest.mark.parametrize("n_learners", [2, 5])
def test_equal_learners_are_rarely_told_apart(design: str, n_learners: int) -> None:
    rates = simulate([10] * n_learners, design)
    assert rates.winner_declared <= 0.07
    assert rates.some_called_worse <= 0.07


@pytest.mark.parametrize(
    ("n_seen", "design", "n_rows"),
    [
        ([20, 8], "5 folds", 400),
        ([20, 8], "5 folds twice", 200),
        ([20, 8], "one split", 400),
        ([20, 8, 8, 8, 8], "5 folds twice", 400),
    ],
)
def test_learner_ten_points_better_is_found_most_of_the_time(
    n_seen: list[int], design: str, n_rows: int
) -> None:
    assert simulate(n_seen, design, n_rows=n_rows).best_wins >= 0.6
