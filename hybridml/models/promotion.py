"""Whether a version becomes the champion, and the evidence in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

ALPHA = 0.05


@dataclass(frozen=True)
class Promotion:
    """What became of a version of a registered model.

    Attributes
    ----------
    name : str
        Of the registered model.
    version : int
    alias : {"champion", "challenger"}
    evidence : str
        Why, in markdown.
    result : Series or None
        The test against the champion before it; None where there was none.
    """

    name: str
    version: int
    alias: str
    evidence: str
    result: pd.Series | None = None

    @property
    def is_champion(self) -> bool:
        """Whether it is the champion now."""
        return self.alias == "champion"

    def tags(self) -> dict[str, Any]:
        """Return the evidence in numbers, for the version's tags."""
        if self.result is None:
            return {}
        names = ("score", "other_score", "difference", "p_value", "n_folds", "test")
        return {f"hybridml.{name}": self.result[name] for name in names}


def is_better(result: pd.Series, alpha: float = ALPHA) -> bool:
    """Whether a test says that the first of two scores more.

    Parameters
    ----------
    result : Series
        Of `hybridml.comparing.challenge.challenge`.
    alpha : float, default=0.05
        Two-sided level. A test that could not be made says nothing.
    """
    return bool(result["difference"] > 0 and result["p_value"] < alpha)


def word_evidence(
    result: pd.Series, champion: int, *, scoring: str, data: str, alpha: float = ALPHA
) -> str:
    """Say what a test against the champion found.

    Parameters
    ----------
    result : Series
    champion : int
        Its version.
    scoring : str
    data : str
        What both were tested on, in words.
    alpha : float
    """
    tested = f"{scoring} {result['score']:.4f} against {result['other_score']:.4f} of "
    tested += f"version {champion}, on {data}"
    if math.isnan(result["p_value"]):
        return f"{tested}. No test could be made of it."
    sure = (
        f"difference {result['difference']:+.4f} (95 % interval {result['low']:+.4f} "
        f"to {result['high']:+.4f}), p = {result['p_value']:.3g}, {result['test']}"
    )
    verdict = "better" if is_better(result, alpha) else "not shown to be better"
    return f"{tested}: {sure}. It is **{verdict}** at the level of {alpha:g}."
