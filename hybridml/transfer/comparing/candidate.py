"""What is compared: a transfer case of a backbone, or a baseline that guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor

from hybridml.backbones.cut_layer import name_cut_layers
from hybridml.backbones.registry import get_backbone
from hybridml.heads.multilabel_head import MultiLabelHead
from hybridml.transfer.cases.catalogue import ALL_LAYERS, case_title
from hybridml.transfer.cases.making import CaseOptions, make_all_layers, make_case
from hybridml.transfer.tasks import Task


@dataclass(frozen=True)
class Candidate:
    """A row of the comparison.

    Attributes
    ----------
    case : int or None
        None is the baseline, which guesses without looking at the images.
    options : CaseOptions
    variant : str
        "all layers" for case 1 with features selected from all the layers.
    """

    case: int | None
    options: CaseOptions
    variant: str = ""

    @property
    def name(self) -> str:
        """A name that no other row has."""
        if self.case is None:
            return "baseline"
        variant = f", {self.variant}" if self.variant else ""
        return f"case {self.case}{variant} ({self.options.backbone})"

    @property
    def title(self) -> str:
        """The name with what is done."""
        if self.case is None:
            return "baseline: guess without looking"
        variant = f", {self.variant}" if self.variant else ""
        return f"{case_title(self.case)}{variant} ({self.options.backbone})"

    @property
    def is_trained(self) -> bool:
        """Whether it trains a network, which is what takes long."""
        return self.case is not None and self.case > 1

    def make(self, *, calibrate: bool = False) -> BaseEstimator:
        """Make the unfitted estimator, with probabilities where they are asked for."""
        options = self.options
        if self.case is None:
            return _make_baseline(options.task)
        if self.variant == ALL_LAYERS:
            return make_all_layers(options)
        calibrate = options.task != "regression" and (calibrate or options.calibrate)
        return make_case(self.case, replace(options, calibrate=calibrate))

    def cut_layer_and_head(self) -> tuple[str, str]:
        """Where it is cut and what follows, as far as that is known before a fit."""
        options = self.options
        if self.case is None:
            return "", "prior" if options.task != "regression" else "mean"
        if self.case == 0:
            return "logits", "class map"
        if self.case > 1:
            return "penultimate", "linear"
        if self.variant == ALL_LAYERS:
            is_regression = options.task == "regression"
            return "all layers", "ridge" if is_regression else "logistic"
        layer, head = options.cut_layer, options.head
        names = head if isinstance(head, str) else ", ".join(head)
        if not isinstance(layer, str | Integral) or layer == "all":
            return "searched", names
        return name_cut_layers(get_backbone(options.backbone), layer)[0], names

    def tags(self, cut_layer: str, head: str) -> dict[str, str]:
        """Make the tags by which its runs are found."""
        return {
            "hybridml.case": "baseline" if self.case is None else str(self.case),
            "hybridml.backbone": "" if self.case is None else self.options.backbone,
            "hybridml.cut_layer": cut_layer,
            "hybridml.head": head,
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


def _make_baseline(task: Task) -> BaseEstimator:
    if task == "regression":
        return DummyRegressor()
    guess = DummyClassifier()
    return MultiLabelHead(guess) if task == "multilabel" else guess
