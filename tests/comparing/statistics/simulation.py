"""Comparisons of learners of which it is known how good they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.comparing.statistics.compare_with_winner import compare_with_winner

Floats = npt.NDArray[np.float64]
Folds = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]

N_FEATURES = 20
DISTANCE = 3.0  # of the classes, in standard deviations
DESIGNS = {"5 folds": (5, 1), "5 folds twice": (5, 2), "2 folds five times": (2, 5)}


@dataclass(frozen=True)
class Rates:
    """Shares of simulated comparisons."""

    winner_declared: float
    some_called_worse: float
    best_wins: float


def simulate(
    n_seen: Sequence[int], design: str, *, n_rows: int = 300, n: int = 200
) -> Rates:
    """Run `n` comparisons of learners, each of which sees some random features.

    The features are exchangeable: learners that see the same number of them are equally
    good, before the data are drawn. With 20 features the share of right predictions is
    0.93, with 10 it is 0.86, with 8 it is 0.83, and a little less after training.
    """
    found = []
    for seed in range(n):
        table, correct = _comparison(n_seen, design, n_rows, seed)
        winner = str(table.groupby("candidate")["score"].mean().idxmax())
        significance = compare_with_winner(
            table, winner, resample=lambda name, fold, c=correct: c[name]
        )
        is_worse = significance["p_adjusted"] < 0.05
        is_best = n_seen[int(winner)] == max(n_seen)
        found.append((is_worse.all(), is_worse.any(), is_worse.all() and is_best))
    return Rates(*np.mean(found, axis=0).tolist())


def _comparison(
    n_seen: Sequence[int], design: str, n_rows: int, seed: int
) -> tuple[pd.DataFrame, dict[str, Floats]]:
    rng = np.random.default_rng(seed)
    y = rng.choice([-1.0, 1.0], n_rows)
    X = rng.normal(size=(n_rows, N_FEATURES))
    X += DISTANCE / 2 / np.sqrt(N_FEATURES) * y[:, None]
    folds = list(_folds(design, n_rows, rng))
    rows: list[dict[str, Any]] = []
    correct: dict[str, Floats] = {}  # of the last fold; a single split has no other
    for i, n_features in enumerate(n_seen):
        seen = X[:, rng.permutation(N_FEATURES)[:n_features]]
        for fold, (train, test) in enumerate(folds):
            right = _predict(seen[train], y[train], seen[test]) * y[test] > 0
            correct[str(i)] = right.astype(float)
            size = {"n_train": len(train), "n_test": len(test)}
            score = float(right.mean())
            rows.append({"candidate": str(i), "fold": fold, "score": score, **size})
    return pd.DataFrame(rows), correct


def _predict(X: Floats, y: Floats, unseen: Floats) -> Floats:
    """Ridge regression on the classes -1 and 1."""
    centre, middle = X.mean(axis=0), y.mean()
    gram = (X - centre).T @ (X - centre) + np.eye(X.shape[1])
    weights = np.linalg.solve(gram, (X - centre).T @ (y - middle))
    return np.asarray((unseen - centre) @ weights + middle)


def _folds(design: str, n_rows: int, rng: np.random.Generator) -> Iterator[Any]:
    if design == "one split":
        order = rng.permutation(n_rows)
        yield order[n_rows // 4 :], order[: n_rows // 4]
        return
    n_folds, n_repeats = DESIGNS[design]
    for _ in range(n_repeats):
        order = rng.permutation(n_rows)
        for test in np.array_split(order, n_folds):
            yield np.setdiff1d(order, test), test
