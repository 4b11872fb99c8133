"""What a report is made of: plain data, of any comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt
import pandas as pd

from hybridml._checks import describe, list_names
from hybridml.exceptions import DataError, InvalidParameterError

_TASKS = ("classification", "multilabel", "regression")
_REQUIRED = ("candidate", "score")


@dataclass(frozen=True, eq=False)
class History:
    """A training run, and what its curves say about it.

    Parameters
    ----------
    title : str
    table : DataFrame
        As `FineTuneClassifier.history_`: epoch, train_loss, valid_loss, other scores
        as ``valid_...``.
    findings : sequence of str
        The diagnosis, in sentences.
    """

    title: str
    table: pd.DataFrame
    findings: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Mistake:
    """An image about which the winner was wrong.

    Parameters
    ----------
    picture : bytes
        A small JPEG.
    caption : str
        Such as the name of its file.
    truth, predicted : str
    confidence : float
        Of the prediction; NaN where there is none.
    """

    picture: bytes
    caption: str
    truth: str
    predicted: str
    confidence: float = float("nan")


@dataclass(frozen=True, eq=False, kw_only=True)
class ReportData:
    """What the HTML report of a comparison shows; what is empty is left out.

    Parameters
    ----------
    title, verdict : str
        The verdict in words stands on top.
    created : str
        The date, in ISO's form.
    scoring : str
        Name of the score; more of it is better.
    task : {"classification", "multilabel", "regression"}
    leaderboard : DataFrame
        The best row first: candidate ("case 1 (resnet18, layer3, linear_svm)") and
        score; of the columns case, backbone, cut_layer, head, score_low, score_high,
        score_std, n_folds, fit_time_s, predict_ms_per_image, model_mb,
        images_forwarded, is_pareto and note those that are known; of fusions also kind.
    significance : DataFrame
        Each row against the winner: candidate, difference (the winner's lead), low,
        high, p_value, p_adjusted, p_winner_better, p_equivalent, p_winner_worse,
        n_folds, test.
    fold_scores : DataFrame
        candidate, fold, score.
    layer_scores : DataFrame
        Of case 1's inner search: backbone, cut_layer, head, score, score_std.
    layer_curve : DataFrame or None
        weights, cut_layer, score, score_std.
    groups : sequence of sequences of str
        Candidates that the folds do not tell apart.
    histories : sequence of History
    truth, predicted : ndarray of shape (n_images,) or None
        Out-of-fold predictions of the winner, as in `classes` or as numbers; for
        several labels an image, 0 and 1 of shape (n_images, n_classes).
    confidence : ndarray of shape (n_images,) or None
        Probability of what was predicted.
    classes : sequence of str
    mistakes : sequence of Mistake
        The most confident first; for regression the largest errors.
    facts : mapping of {str: str}
        About the data.
    warnings : sequence of str
    environment : mapping of {str: str}
    reproduce : str
        Python code.
    noun : str, default="image"
        What is predicted, row by row.

    Raises
    ------
    InvalidParameterError
        If the task is none of the three.
    DataError
        If the leaderboard has no rows or lacks a column, or the predictions are not as
        many as the truths.
    """

    title: str
    verdict: str
    created: str
    scoring: str
    task: str
    leaderboard: pd.DataFrame
    significance: pd.DataFrame = field(default_factory=pd.DataFrame)
    fold_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    layer_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    layer_curve: pd.DataFrame | None = None
    groups: Sequence[Sequence[str]] = ()
    histories: Sequence[History] = ()
    truth: npt.NDArray[Any] | None = None
    predicted: npt.NDArray[Any] | None = None
    confidence: npt.NDArray[Any] | None = None
    classes: Sequence[str] = ()
    mistakes: Sequence[Mistake] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    reproduce: str = ""
    noun: str = "image"

    @property
    def one(self) -> str:
        """What is predicted, with its article."""
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"

    @property
    def many(self) -> str:
        """What is predicted, in the plural."""
        return f"{self.noun}s"

    def __post_init__(self) -> None:
        if self.task not in _TASKS:
            raise InvalidParameterError(
                describe("task", self.task, f"one of {list_names(_TASKS)}")
            )
        _check_leaderboard(self.leaderboard)
        n_truths = _length(self.truth)
        if n_truths != _length(self.predicted):
            raise DataError(
                f"Got {n_truths} truths and {_length(self.predicted)} predictions; "
                "expected as many of both, or None for both."
            )
        if self.confidence is not None and len(self.confidence) != n_truths:
            raise DataError(
                f"Got {len(self.confidence)} confidences; expected {n_truths}."
            )


def _check_leaderboard(leaderboard: pd.DataFrame) -> None:
    missing = [name for name in _REQUIRED if name not in leaderboard]
    if missing or leaderboard.empty:
        got = f"lacks {list_names(missing)}" if missing else "is empty"
        raise DataError(
            f"The leaderboard {got}; expected at least one row, with the columns "
            f"{list_names(_REQUIRED)}."
        )


def _length(values: npt.NDArray[Any] | None) -> int:
    return 0 if values is None else len(values)
