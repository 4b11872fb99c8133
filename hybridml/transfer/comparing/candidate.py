"""What is compared: a transfer case of a backbone, or a baseline that guesses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator

from hybridml.backbones.cut_layer import name_cut_layers
from hybridml.backbones.registry import get_backbone
from hybridml.comparing.baseline import BASELINE, guess_of, make_baseline
from hybridml.comparing.contender import ExtraCosts, Work
from hybridml.transfer.cases.catalogue import ALL_LAYERS, ENSEMBLE, case_title
from hybridml.transfer.cases.making import CaseOptions, make_all_layers, make_case
from hybridml.transfer.comparing.costs import expected_work, extra_costs
from hybridml.transfer.comparing.identity import identify


@dataclass(frozen=True)
class Candidate:
    """A row of the comparison: a `hybridml.comparing.contender.Contender`.

    Attributes
    ----------
    case : int or None
        None is the baseline, which guesses without looking at the images.
    options : CaseOptions
    variant : str
        "all layers" for case 1 with features selected from all the layers, "ensemble"
        where each of them has its say.
    """

    case: int | None
    options: CaseOptions
    variant: str = ""

    @property
    def name(self) -> str:
        """A name that no other row has."""
        return self._called(self.label)

    @property
    def title(self) -> str:
        """The name with what is done."""
        if self.case is None:
            return "baseline: guess without looking"
        return self._called(case_title(self.case))

    @property
    def label(self) -> str:
        """The case alone."""
        return BASELINE if self.case is None else f"case {self.case}"

    @property
    def precedence(self) -> float:
        """The lower case stands first, which trains less, and the baseline last."""
        return math.inf if self.case is None else self.case

    @property
    def is_trained(self) -> bool:
        """Whether it trains a network, which is what takes long."""
        return self.case is not None and self.case > 1

    @property
    def work(self) -> Work:
        """What a fold takes, before one has been run."""
        return expected_work(self.case, self.options)

    def make(self, *, calibrate: bool = False) -> BaseEstimator:
        """Make the unfitted estimator, with probabilities where they are asked for."""
        options = self.options
        if self.case is None:
            return make_baseline(options.task)
        if self.variant == ALL_LAYERS:
            return make_all_layers(options)
        calibrate = options.task != "regression" and (calibrate or options.calibrate)
        return make_case(self.case, replace(options, calibrate=calibrate))

    def columns(self) -> dict[str, Any]:
        """Return the case (missing for the baseline) and the backbone."""
        if self.case is None:
            return {"case": pd.NA, "backbone": ""}
        return {"case": self.case, "backbone": self.options.backbone}

    def choice(self, estimator: Any = None) -> dict[str, str]:
        """Tell where it is cut and what follows, as far as that is known."""
        if hasattr(estimator, "best_cut_layer_"):
            layer, head = estimator.best_cut_layer_, estimator.best_head_
        else:
            layer, head = self._cut_layer_and_head()
        return {"cut_layer": layer, "head": head}

    def inner_scores(self, estimator: Any) -> pd.DataFrame | None:
        """Return inner scores of the cut layers, where they were searched."""
        return estimator.results_ if hasattr(estimator, "best_cut_layer_") else None

    def extra_costs(
        self, estimator: Any, *, n_predicted: int, n_forwarded: int
    ) -> ExtraCosts:
        """Count the network, and features that were stored, to what is measured."""
        ends_at = self.choice(estimator)["cut_layer"]
        if ends_at in (ALL_LAYERS, ENSEMBLE):
            ends_at = "penultimate"  # all the layers come from the pass that ends there
        n_stored = max(0, n_predicted - n_forwarded)
        return extra_costs(self.case, self.options, ends_at, n_stored=n_stored)

    def tags(self, choice: Mapping[str, str]) -> dict[str, str]:
        """Make the tags by which its runs are found."""
        return {
            "hybridml.case": "baseline" if self.case is None else str(self.case),
            "hybridml.backbone": "" if self.case is None else self.options.backbone,
            "hybridml.cut_layer": choice["cut_layer"],
            "hybridml.head": choice["head"],
        }

    def params(self) -> Mapping[str, Any]:
        """Return the settings worth recording."""
        if self.case is None:
            return {}
        shown: tuple[str, ...] = ("backbone", "weights", "image_size", "random_state")
        if self.case == 1:
            shown += ("cut_layer", "head", "pooling")
        if self.case > 1:
            shown += ("epochs", "augmentation")
        params = {name: getattr(self.options, name) for name in shown}
        return params if self.case != 4 else {**params, "weights": None}

    def identity(self) -> list[object]:
        """Say all that its results depend on, but for the images and the folds."""
        return identify(self.case, self.variant, self.options)

    def _called(self, kind: str) -> str:
        if self.case is None:
            return BASELINE
        variant = f", {self.variant}" if self.variant else ""
        return f"{kind}{variant} ({self.options.backbone})"

    def _cut_layer_and_head(self) -> tuple[str, str]:
        """Where it is cut and what follows, as far as that is known before a fit."""
        options = self.options
        if self.case is None:
            return "", guess_of(options.task)
        if self.case == 0:
            return "logits", "class map"
        if self.case > 1:
            return "penultimate", "linear"
        layer, head = options.cut_layer, options.head
        if self.variant == ALL_LAYERS or layer == ENSEMBLE:
            is_regression = options.task == "regression"
            return self.variant or ENSEMBLE, "ridge" if is_regression else "logistic"
        names = head if isinstance(head, str) else ", ".join(head)
        if not isinstance(layer, str | Integral) or layer == "all":
            return "searched", names
        return name_cut_layers(get_backbone(options.backbone), layer)[0], names
