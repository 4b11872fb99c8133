"""How two contenders are compared: by the folds that both finished."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from hybridml._checks import list_names
from hybridml.comparing.statistics.bayesian_t import (
    Probabilities,
    probabilities_of_difference,
)
from hybridml.comparing.statistics.bootstrap import paired_bootstrap
from hybridml.comparing.statistics.corrected_t import corrected_resampled_t_test
from hybridml.comparing.statistics.fold_mean import mean_over_folds
from hybridml.comparing.statistics.resampling import (
    ImageScores,
    Resampled,
    resample_score,
)
from hybridml.exceptions import DataError

T_TEST, BOOTSTRAP, NO_TEST = "corrected resampled t-test", "paired bootstrap", "none"

Resample = Callable[[str, int], ImageScores | Resampled | None]

_COLUMNS = ("candidate", "fold", "score", "n_train", "n_test")
_UNKNOWN = Probabilities(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class PairResult:
    """How two contenders compare.

    Attributes
    ----------
    difference : float
        Mean score of the first minus that of the second, over the folds that they
        share.
    low, high : float
        Bounds of the difference.
    p_value : float
    probabilities : Probabilities
        Of the first being better, equivalent and worse.
    n_folds : int
        Folds that they share.
    test : {"corrected resampled t-test", "paired bootstrap", "none"}
    """

    difference: float
    low: float = math.nan
    high: float = math.nan
    p_value: float = math.nan
    probabilities: Probabilities = _UNKNOWN
    n_folds: int = 0
    test: str = NO_TEST


class Contest:
    """The scores of all contenders, and the test that suits each two of them.

    Two or more shared folds are compared by the corrected resampled t-test. A single
    one is by the paired bootstrap of its images, where `resample` gives their scores.

    Parameters
    ----------
    fold_scores : DataFrame
        A row for each candidate and fold, with the columns "candidate", "fold",
        "score", "n_train" and "n_test". Folds with a NaN score count as not finished.
    resample : callable or None
        ``resample(candidate, fold)`` gives what `resample_score` takes: a function of
        positions among the fold's test images, or what each image adds to a mean; or
        what `resample_score` gave for it. None where that is not known.
    rope, level : float
        As for `probabilities_of_difference` and `corrected_interval`.
    n_resamples, random_state : int
        As for `resample_score`.

    Raises
    ------
    DataError
        If a column is missing, or a candidate has two rows for one fold.
    """

    def __init__(
        self,
        fold_scores: pd.DataFrame,
        *,
        resample: Resample | None = None,
        rope: float = 0.01,
        level: float = 0.95,
        n_resamples: int = 1000,
        random_state: int = 0,
    ) -> None:
        _check(fold_scores)
        self._folds = {
            str(name): rows.dropna(subset="score").set_index("fold").sort_index()
            for name, rows in fold_scores.groupby("candidate", sort=False)
        }
        self._resample = resample
        self._rope = rope
        self._level = level
        self._n_resamples = n_resamples
        self._random_state = random_state
        self._resampled: dict[tuple[str, int], Resampled | None] = {}

    @property
    def candidates(self) -> list[str]:
        """All names, in the order of their first rows."""
        return list(self._folds)

    def compare(self, first: str, second: str) -> PairResult:
        """Compare two candidates by the folds that both finished."""
        ours, theirs = self._folds[first], self._folds[second]
        shared = ours.index.intersection(theirs.index)
        ours, theirs = ours.loc[shared], theirs.loc[shared]
        if len(shared) > 1:
            return self._compare_over_folds(ours, theirs)
        if len(shared) == 1:
            return self._compare_one_fold(first, second, ours, theirs)
        return PairResult(math.nan)

    def _compare_over_folds(
        self, ours: pd.DataFrame, theirs: pd.DataFrame
    ) -> PairResult:
        differences = (ours["score"] - theirs["score"]).to_numpy(dtype=float)
        n_train, n_test = ours["n_train"].to_numpy(), ours["n_test"].to_numpy()
        low, high = mean_over_folds(
            differences, n_train=n_train, n_test=n_test
        ).interval(self._level)
        test = corrected_resampled_t_test(differences, n_train=n_train, n_test=n_test)
        probabilities = probabilities_of_difference(
            differences, n_train=n_train, n_test=n_test, rope=self._rope
        )
        return PairResult(
            test.mean, low, high, test.p_value, probabilities, len(ours), T_TEST
        )

    def _compare_one_fold(
        self, first: str, second: str, ours: pd.DataFrame, theirs: pd.DataFrame
    ) -> PairResult:
        fold, n_test = ours.index[0], int(ours["n_test"].iloc[0])
        our_resamples = self._resample_fold(first, fold, n_test)
        their_resamples = self._resample_fold(second, fold, n_test)
        if our_resamples is None or their_resamples is None:
            difference = float(ours["score"].iloc[0] - theirs["score"].iloc[0])
            return PairResult(difference, n_folds=1)
        found = paired_bootstrap(
            our_resamples,
            their_resamples,
            test_to_train=n_test / float(ours["n_train"].iloc[0]),
            level=self._level,
            rope=self._rope,
        )
        return PairResult(
            found.difference,
            found.low,
            found.high,
            found.p_value,
            found.probabilities,
            n_folds=1,
            test=NO_TEST if math.isnan(found.p_value) else BOOTSTRAP,
        )

    def _resample_fold(self, name: str, fold: int, n_images: int) -> Resampled | None:
        """Resample once for all comparisons of a candidate."""
        if (name, fold) not in self._resampled:
            scores = self._resample(name, fold) if self._resample else None
            self._resampled[name, fold] = (
                scores
                if scores is None or isinstance(scores, Resampled)
                else resample_score(
                    scores,
                    n_images,
                    n_resamples=self._n_resamples,
                    random_state=self._random_state,
                )
            )
        return self._resampled[name, fold]


def _check(fold_scores: pd.DataFrame) -> None:
    missing = [name for name in _COLUMNS if name not in fold_scores]
    if missing:
        raise DataError(
            f"Got fold_scores without {list_names(missing)}; expected the columns "
            f"{', '.join(_COLUMNS)}."
        )
    doubles = fold_scores[fold_scores.duplicated(["candidate", "fold"])]
    if len(doubles):
        name, fold = doubles.iloc[0][["candidate", "fold"]]
        raise DataError(
            f"Got fold_scores with two rows for {name!r} in fold {fold}; expected one."
        )
