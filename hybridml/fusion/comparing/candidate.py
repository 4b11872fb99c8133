"""What is compared: a way of fusing, a modality alone, or a baseline that guesses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator

from hybridml.comparing.baseline import BASELINE, guess_of, make_baseline
from hybridml.comparing.contender import ExtraCosts, Work
from hybridml.fusion.comparing.costs import expected_work, extra_costs
from hybridml.fusion.comparing.head_names import name_head
from hybridml.fusion.comparing.identity import identify, identify_networks
from hybridml.fusion.comparing.making import make_fusion
from hybridml.fusion.comparing.options import FusionOptions

_WHAT = {
    "early": "features side by side",
    "late": "predictions combined",
    "intermediate": "one network joins them",
}
_RANKS = {"alone": 0, "early": 1, "late": 2, "intermediate": 3}
_RACING = ("early", "intermediate")


@dataclass(frozen=True)
class FusionCandidate:
    """A row of the comparison: a `hybridml.comparing.contender.Contender`.

    Attributes
    ----------
    kind : {"baseline", "alone", "early", "late", "intermediate"}
    variant : str
        The modality that is alone, or a head, a combination, a method.
    options : FusionOptions
    """

    kind: str
    variant: str
    options: FusionOptions

    @property
    def name(self) -> str:
        """A name that no other row has."""
        if self.kind not in _WHAT:
            return self.label
        return f"{self.label} ({self.variant})"

    @property
    def title(self) -> str:
        """The name with what is done."""
        if self.kind == "baseline":
            return "baseline: guess without looking"
        if self.kind == "alone":
            return self.name
        return f"{self.label}: {_WHAT[self.kind]} ({self.variant})"

    @property
    def label(self) -> str:
        """The kind alone, or the modality."""
        if self.kind == "baseline":
            return BASELINE
        if self.kind == "alone":
            return f"{self.variant} alone"
        return f"{self.kind} fusion"

    @property
    def precedence(self) -> float:
        """What needs fewer modalities stands first, and the baseline last."""
        return _RANKS.get(self.kind, math.inf)

    @property
    def is_trained(self) -> bool:
        """Whether it may drop out; late fusions have their members from those alone."""
        return self.kind in _RACING

    @property
    def work(self) -> Work:
        """What a fold takes, before one has been run."""
        return expected_work(self.kind)

    def make(self, *, calibrate: bool = False) -> BaseEstimator:
        """Make the unfitted estimator, which has probabilities in any case."""
        options = self.options
        if self.kind == "baseline":
            return make_baseline(options.task)
        made: BaseEstimator = make_fusion(self.kind, self.variant, options)
        return made

    def columns(self) -> dict[str, Any]:
        """Return the kind, and the modality, combination or method that is its own."""
        own = {
            name: self.variant if self.kind == kind else ""
            for name, kind in (
                ("modality", "alone"),
                ("combine", "late"),
                ("method", "intermediate"),
            )
        }
        return {"kind": self.kind, **own}

    def choice(self, estimator: Any = None) -> dict[str, str]:
        """Tell the head, or those of the members, as far as that is known."""
        if self.kind == "baseline":
            return {"head": guess_of(self.options.task)}
        if self.kind == "intermediate":
            return {"head": "network"}
        if self.kind == "early":
            return {"head": self.variant}
        members = getattr(estimator, "members_", [])
        names = [name_head(one.predictor_, self.options.task) for one in members]
        return {"head": ", ".join(dict.fromkeys(names)) or "tuned"}

    def inner_scores(self, estimator: Any) -> pd.DataFrame | None:
        """Return nothing: what is chosen inside has no name of its own."""
        return None

    def extra_costs(
        self, estimator: Any, *, n_predicted: int, n_forwarded: int
    ) -> ExtraCosts:
        """Count networks, stored features and members fitted for others."""
        return extra_costs(
            [self.options.encoders[name] for name in self._modalities()],
            n_predicted=n_predicted,
            n_forwarded=n_forwarded,
            fit_seconds=getattr(estimator, "_spared_s", 0.0),
        )

    def tags(self, choice: Mapping[str, str]) -> dict[str, str]:
        """Make the tags by which its runs are found."""
        columns = self.columns()
        own = {name: value for name, value in columns.items() if value}
        own.setdefault("modality", ", ".join(self._modalities()))
        return {f"hybridml.{name}": value for name, value in {**own, **choice}.items()}

    def params(self) -> Mapping[str, Any]:
        """Return the settings worth recording."""
        if self.kind == "baseline":
            return {}
        params: dict[str, Any] = self.make().get_params(deep=False)
        return params

    def identity(self) -> list[object]:
        """Say all that its results depend on, but for the rows and the folds."""
        if self.kind == "baseline":
            return ["baseline"]
        networks = [
            identify_networks(self.options.encoders[name])
            for name in self._modalities()
        ]
        return [identify(self.make()), networks]

    def _modalities(self) -> list[str]:
        """Names of those that it looks at."""
        names = [one.name for one in self.options.modalities]
        alone = [name for name in names if name == self.variant]
        seen = {"baseline": [], "alone": alone}
        return seen.get(self.kind, names)
