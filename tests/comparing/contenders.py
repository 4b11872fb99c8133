"""A contender for tests, which learns from columns of a table or from an array."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridml.comparing.baseline import BASELINE, make_baseline
from hybridml.comparing.contender import Contender, ExtraCosts, Work


@dataclass(frozen=True)
class Learner:
    """Logistic regression, or a guess where it is called so."""

    name: str
    is_trained: bool = False
    work: Work = field(default_factory=Work)
    precedence: float = 0.0
    C: float = 1.0

    @property
    def title(self) -> str:
        return f"{self.name}: learned"

    @property
    def label(self) -> str:
        return self.name.split(" (")[0]

    def make(self, *, calibrate: bool = False) -> BaseEstimator:
        if self.name == BASELINE:
            return make_baseline("classification")
        return make_pipeline(StandardScaler(), LogisticRegression(C=self.C))

    def columns(self) -> dict[str, Any]:
        return {"strength": math.nan if self.name == BASELINE else self.C}

    def choice(self, estimator: Any = None) -> dict[str, str]:
        return {"head": "unknown" if estimator is None else type(estimator).__name__}

    def inner_scores(self, estimator: Any) -> pd.DataFrame | None:
        return None

    def extra_costs(
        self, estimator: Any, *, n_predicted: int, n_forwarded: int
    ) -> ExtraCosts:
        return ExtraCosts(seconds=float(n_predicted), n_bytes=10**9)

    def tags(self, choice: Mapping[str, str]) -> dict[str, str]:
        return {"hybridml.kind": self.label, "hybridml.head": choice["head"]}

    def params(self) -> dict[str, Any]:
        return {"C": self.C}

    def identity(self) -> list[object]:
        return [self.name, self.C]


_AS_A_CONTENDER: Contender = Learner("for mypy")
