"""What a comparison found: the table, the winner and the evidence."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from hybridml._checks import check_name, list_names
from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.race import Standing
from hybridml.comparing.tasks import Task
from hybridml.comparing.wording import describe, economical, word_verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison(ABC):
    """The result of a comparison, whatever was compared.

    Subclasses say what their columns mean, and how they are drawn.

    Attributes
    ----------
    table : DataFrame
        One row a contender, the best first: candidate (its name), the columns of the
        contenders and what they chose, and `hybridml.comparing.summing_up.MEASURED`.
    significance : DataFrame
        Each row against the winner; see
        `hybridml.comparing.statistics.compare_with_winner`.
    fold_scores : DataFrame
        One row a contender and fold.
    scoring : str
        Name of the score; more is better.
    task : {"classification", "multilabel", "regression"}
    facts : dict of {str: str}
        The size of the task, in words.
    warnings : list of str
        What makes the scores less than they seem, such as duplicates.
    rope : float
        Scores that are less apart count as practically equivalent.
    is_interrupted : bool
        Whether ctrl-C ended it.
    groups : list of tuple of str
        Candidates of which no two are told apart.
    call : str
        Python code of the comparison, but for its inputs.
    where : str
        Where the runs are recorded, in words.
    run_id : str or None
        MLflow's name of the comparison's run, where it was recorded there.
    """

    noun: ClassVar[str] = "contender"  # what one of those compared is
    title: ClassVar[str] = "Which one wins?"
    dtypes: ClassVar[Mapping[str, str]] = {}  # of the contenders' columns

    table: pd.DataFrame
    significance: pd.DataFrame
    fold_scores: pd.DataFrame
    scoring: str
    task: Task
    facts: dict[str, str]
    warnings: list[str]
    rope: float
    is_interrupted: bool
    groups: list[tuple[str, ...]]
    call: str
    where: str
    _data: Data = field(repr=False)
    _contenders: Sequence[Contender] = field(repr=False)
    _standings: Sequence[Standing] = field(repr=False)
    _kept: list[Any] = field(default_factory=list, repr=False)
    run_id: str | None = None

    @property
    def winner(self) -> pd.Series:
        """The first row of the table."""
        return self.table.iloc[0]

    @property
    def economical(self) -> pd.Series:
        """The row that fits quickest of those that are as good as the winner."""
        return economical(self.table, self.significance)

    @property
    def best_estimator(self) -> Any:
        """The winner, fitted on all the rows when first asked for.

        A classifier always has `predict_proba`.
        """
        if not self._kept:
            self._kept.append(self.fit(self.winner["candidate"]))
        return self._kept[0]

    @property
    def verdict(self) -> str:
        """Say which row won, how sure that is, and which cheaper one does as well."""
        return word_verdict(self.table, self.significance, self.names, self.noun)

    @property
    def names(self) -> dict[str, str]:
        """What the candidates of the table are called in sentences."""
        return {
            name: describe(self._contenders[self._position(name)], self._choice(name))
            for name in self.table["candidate"]
        }

    @property
    def noun_of_rows(self) -> str:
        """What a row of X is called."""
        return self._data.noun

    @property
    def n_rows(self) -> int:
        """How many rows were compared on."""
        return len(self._data.targets)

    @property
    def n_recalled(self) -> int:
        """How many folds were not run, since an earlier comparison had run them."""
        return sum(standing.n_recalled for standing in self._standings)

    @property
    def histories(self) -> dict[str, pd.DataFrame]:
        """Epochs of the last fold of each candidate that trains a network."""
        return {
            contender.name: result.history
            for contender, standing in zip(
                self._contenders, self._standings, strict=True
            )
            for _, result in sorted(standing.results.items())
            if result.history is not None
        }

    def fit(self, candidate: str) -> Any:
        """Fit a row of the table on all the rows of the data.

        Parameters
        ----------
        candidate : str
            As in the table, such as ``comparison.economical["candidate"]``.

        Returns
        -------
        estimator : fitted estimator
            A classifier has `predict_proba`.
        """
        found: Any = self._contenders[self._position(candidate)].make(calibrate=True)
        return found.fit(self._data.inputs, self._data.targets)

    def challenge(self, estimator: Any) -> pd.Series:
        """Test the winner against another estimator, on the same rows and folds.

        Both are fitted anew in each fold that the winner finished, as they would be
        used: the winner as `best_estimator` is, with probabilities.

        Parameters
        ----------
        estimator : estimator
            It is cloned.

        Returns
        -------
        result : Series
            score and other_score; difference, low, high, p_value, n_folds, test and
            what else `hybridml.comparing.statistics.compare_with_winner` says.
        """
        from hybridml.comparing.challenge import challenge

        position = self._position(self.winner["candidate"])
        folds = sorted(self._standings[position].results)
        winner = self._contenders[position].make(calibrate=True)
        return challenge(winner, estimator, self._data, folds, rope=self.rope)

    def predictions(self, candidate: str | None = None) -> pd.DataFrame:
        """List what a candidate said of test rows, of the first time each was one.

        Parameters
        ----------
        candidate : str or None, default=None
            As in the table; None is the winner.

        Returns
        -------
        predictions : DataFrame
            image (or whatever a row of X is called: its position), fold (from 1),
            target, predicted, and confidence: probability of what is predicted, NaN
            where there is none. For several labels or numbers a row, target and
            predicted hold tuples.
        """
        name = self.winner["candidate"] if candidate is None else candidate
        standing = self._standings[self._position(name)]
        parts, noun = [], self._data.noun
        for fold, result in sorted(standing.results.items()):
            _, test = self._data.folds[fold]
            confidence = result.outputs.confidence()
            part = {
                noun: test,
                "fold": fold + 1,
                "target": _column(self._data.targets[test]),
                "predicted": _column(result.outputs.predict),
                "confidence": math.nan if confidence is None else confidence,
            }
            parts.append(pd.DataFrame(part))
        every = pd.concat(parts, ignore_index=True)
        return every.drop_duplicates(noun).sort_values(noun, ignore_index=True)

    def to_json(self) -> str:
        """Give the table (as records) and the winner as one JSON object."""
        records = [
            {name: _plain(value) for name, value in row.items()}
            for row in self.table.to_dict("records")
        ]
        found = {"table": records, "winner": records[0], "scoring": self.scoring}
        told = {"verdict": self.verdict, "warnings": self.warnings, "runs": self.where}
        return json.dumps({**found, **told})

    @abstractmethod
    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the scores; save the picture where a path is given."""

    def to_html(self, path: str | Path) -> Path:
        """Write all that was found into one HTML file, which needs no other."""
        from hybridml.comparing.reporting import report_of
        from hybridml.report.html import write_html

        return write_html(report_of(self), path)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables that are worth keeping as files, by their names."""
        return {"leaderboard": self.table, "significance": self.significance}

    def tags(self, candidate: str) -> dict[str, str]:
        """Tags by which runs of a candidate, with what it chose, are found."""
        contender = self._contenders[self._position(candidate)]
        return contender.tags(self._choice(candidate))

    def image(self, position: int) -> Any:
        """Return the image at a position of X, as it was given; None without one."""
        inputs = self._data.inputs
        return None if isinstance(inputs, pd.DataFrame) else inputs[position]

    def _choice(self, candidate: str) -> dict[str, str]:
        """Look up in the table what a candidate chose."""
        (row,) = self.table[self.table["candidate"] == candidate].to_dict("records")
        named = self._contenders[self._position(candidate)].choice()
        return {name: row[name] for name in named}

    def _position(self, candidate: str) -> int:
        names = [found.name for found in self._contenders]
        check_name(
            "candidate", candidate, names, expected=f"one of {list_names(names)}"
        )
        return names.index(candidate)


def _column(values: Any) -> Any:
    """One value a row; tuples where there are several."""
    values = np.asarray(values)
    return values if values.ndim == 1 else [tuple(row) for row in values.tolist()]


def _plain(value: Any) -> Any:
    if value is pd.NA:
        return None
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
