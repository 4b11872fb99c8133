"""Whether the winner of a comparison really wins: it against every other row."""

from __future__ import annotations

import pandas as pd

from hybridml._checks import check_name
from hybridml.comparing.statistics.adjust import holm_adjusted
from hybridml.comparing.statistics.contest import Contest, PairResult, Resample

COLUMNS = (
    "candidate",
    "difference",
    "low",
    "high",
    "p_value",
    "p_adjusted",
    "p_winner_better",
    "p_equivalent",
    "p_winner_worse",
    "n_folds",
    "test",
)


def compare_with_winner(
    fold_scores: pd.DataFrame,
    winner: str,
    *,
    resample: Resample | None = None,
    rope: float = 0.01,
    level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Test the winner of a comparison against every other candidate.

    Parameters
    ----------
    fold_scores : DataFrame
        A row for each candidate and fold, with the columns "candidate" (str), "fold"
        (int), "score" (higher is better), "n_train" and "n_test" (images). Candidates
        may have finished different folds: those that two share are compared. A NaN
        score is that of a fold which was not finished.
    winner : str
        The candidate that the others are compared with.
    resample : callable or None, default=None
        ``resample(candidate, fold)`` says how a candidate scores resamples of a fold's
        test images: by a function ``score(positions) -> float``, with positions from 0
        to ``n_test - 1``, or an array of what each image adds to a mean, or what
        `resample_score` made of these with the same numbers. It is called, once for
        each candidate and fold, where two share no more than one fold. None (also where
        it gives None) leaves such rows without a test.
    rope : float, default=0.01
        Differences up to this size do not matter.
    level : float, default=0.95
        Confidence of `low` and `high`.
    n_resamples : int, default=1000
        Of the bootstrap. Its p-values are not below ``1 / (n_resamples + 1)``.
    random_state : int, default=0

    Returns
    -------
    significance : DataFrame
        A row for each candidate but the winner, in the order given: "difference" (the
        winner's score minus the candidate's), its bounds "low" and "high", "p_value",
        "p_adjusted" (by Holm's method over the rows), "p_winner_better",
        "p_equivalent", "p_winner_worse", "n_folds" (shared), and "test" ("corrected
        resampled t-test", "paired bootstrap" or "none").

    Raises
    ------
    DataError
        If a column is missing, or a candidate has two rows for one fold.
    InvalidParameterError
        If `rope`, `level` or `n_resamples` is out of range.
    UnknownNameError
        If there is no candidate of the winner's name.

    Notes
    -----
    The winner is picked by the scores that it is tested with, and adjusting over the
    rows makes no allowance for that. The allowance of both tests for shared training
    images is cautious enough to make up for it: of simulated comparisons of 2 to 10
    equal learners on 120 to 400 images, in 5 folds, 5 folds twice, 10 folds three times
    or one split, at most 7 % called one or more worse than the winner.

    Examples
    --------
    >>> scores = {"case 1": [0.94, 0.92, 0.95], "case 4": [0.71, 0.65, 0.70]}
    >>> rows = [(c, i, s) for c in scores for i, s in enumerate(scores[c])]
    >>> table = pd.DataFrame(rows, columns=["candidate", "fold", "score"])
    >>> table = table.assign(n_train=200, n_test=100)
    >>> significance = compare_with_winner(table, "case 1")
    >>> significance[["candidate", "difference", "p_adjusted"]].round(3)
      candidate  difference  p_adjusted
    0    case 4        0.25       0.005
    """
    contest = Contest(
        fold_scores,
        resample=resample,
        rope=rope,
        level=level,
        n_resamples=n_resamples,
        random_state=random_state,
    )
    check_name("winner", winner, contest.candidates, expected="one of the candidates")
    others = [name for name in contest.candidates if name != winner]
    rows = [_row(name, contest.compare(winner, name)) for name in others]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["p_adjusted"] = holm_adjusted(table["p_value"].to_numpy(dtype=float))
    return table


def _row(name: str, found: PairResult) -> dict[str, object]:
    better, equivalent, worse = found.probabilities
    return {
        "candidate": name,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
        "p_winner_better": better,
        "p_equivalent": equivalent,
        "p_winner_worse": worse,
        "n_folds": found.n_folds,
        "test": found.test,
    }
