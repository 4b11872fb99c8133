"""What a comparison asks of the ways that it compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd
from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Work:
    """What a fold of a contender takes, roughly, as long as none has been run.

    Attributes
    ----------
    n_passes : float
        In passes of its images through a network.
    is_telling : bool
        Whether its time tells how long a pass takes: that of a search on stored
        features does not.
    """

    n_passes: float = 1.0
    is_telling: bool = True


@dataclass(frozen=True)
class ExtraCosts:
    """What a fold's measurements miss.

    Attributes
    ----------
    seconds : float
        That predicting would have taken longer, had no features been stored.
    n_bytes : int
        Of networks that are needed to predict, and are not in the estimator's pickle.
    fit_seconds : float
        That fitting would have taken longer, had nothing been fitted for others.
    """

    seconds: float = 0.0
    n_bytes: int = 0
    fit_seconds: float = 0.0


class Contender(Protocol):
    """A row of a comparison's table: a way of making an estimator, with its names.

    All contenders of a comparison have the same `columns` and the same names in
    `choice`; in the table they stand behind the name, in this order. One that guesses,
    without looking at the inputs, is called `hybridml.comparing.baseline.BASELINE`.
    """

    @property
    def name(self) -> str:
        """A name that no other row has, of the form ``kind (details)``."""
        ...

    @property
    def title(self) -> str:
        """The name with what is done."""
        ...

    @property
    def label(self) -> str:
        """A short name, by which the runs of its folds are called."""
        ...

    @property
    def precedence(self) -> float:
        """Its place among rows of equal scores, the simplest first; needs no gaps."""
        ...

    @property
    def is_trained(self) -> bool:
        """Whether its folds have to fit into the budget, as when a network is trained.

        Those of the others are run in any case.
        """
        ...

    @property
    def work(self) -> Work:
        """What a fold takes, before one has been run."""
        ...

    def make(self, *, calibrate: bool = False) -> BaseEstimator:
        """Make the unfitted estimator, with probabilities where they are asked for.

        One with a parameter `callbacks` gets those that watch its epochs.
        """
        ...

    def columns(self) -> Mapping[str, Any]:
        """Tell it from the others, by column of the table."""
        ...

    def choice(self, estimator: Any = None) -> dict[str, str]:
        """Tell what a fitted estimator has chosen, by column of the table.

        Without an estimator, what is known before a fit.
        """
        ...

    def inner_scores(self, estimator: Any) -> pd.DataFrame | None:
        """Return scores of all that a fitted estimator has chosen from, or None.

        A row a choice, with score and score_std.
        """
        ...

    def extra_costs(
        self, estimator: Any, *, n_predicted: int, n_forwarded: int
    ) -> ExtraCosts:
        """Count what stored features and shared networks spared an estimator.

        Parameters
        ----------
        estimator : fitted estimator
        n_predicted : int
            Rows that it has predicted.
        n_forwarded : int
            Images that went through a network for that; the others were stored.
        """
        ...

    def tags(self, choice: Mapping[str, str]) -> dict[str, str]:
        """Make the tags by which its runs are found."""
        ...

    def params(self) -> Mapping[str, Any]:
        """Return the settings worth recording."""
        ...

    def identity(self) -> object:
        """Return plain values of which the repr says all that changes its results.

        Whether a result of an earlier comparison is its own is judged by that, together
        with the rows of the fold. Random states and digests of weights belong to it;
        stores and numbers of threads do not.
        """
        ...
