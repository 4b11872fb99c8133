"""P-values of every two contenders, as a picture of critical differences needs them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from hybridml.comparing.statistics.contest import Contest, Resample


def pairwise_p_values(
    fold_scores: pd.DataFrame,
    *,
    resample: Resample | None = None,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Test every two candidates of a comparison, by the folds that both finished.

    Parameters
    ----------
    fold_scores, resample, n_resamples, random_state
        As for `compare_with_winner`.

    Returns
    -------
    p_values : DataFrame of shape (n_candidates, n_candidates)
        Raw two-sided p-values by name, 1 on the diagonal, NaN where two could not be
        compared. `groups_not_told_apart` adjusts them.

    Raises
    ------
    DataError
        If a column is missing, or a candidate has two rows for one fold.

    Examples
    --------
    >>> scores = {"case 1": [0.94, 0.92, 0.95], "case 4": [0.71, 0.65, 0.70]}
    >>> rows = [(c, i, s) for c in scores for i, s in enumerate(scores[c])]
    >>> table = pd.DataFrame(rows, columns=["candidate", "fold", "score"])
    >>> pairwise_p_values(table.assign(n_train=200, n_test=100)).round(3)
            case 1  case 4
    case 1   1.000   0.005
    case 4   0.005   1.000
    """
    contest = Contest(
        fold_scores,
        resample=resample,
        n_resamples=n_resamples,
        random_state=random_state,
    )
    names = contest.candidates
    table = pd.DataFrame(np.eye(len(names)), names, names)
    for first, second in combinations(names, 2):
        p_value = contest.compare(first, second).p_value
        table.loc[first, second] = table.loc[second, first] = p_value
    return table
