"""What late fusion of classes and of numbers have in common."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import Problems, is_count, list_names
from hybridml.fusion.estimator import FusionEstimator
from hybridml.fusion.late.member import Member
from hybridml.fusion.late.rules import RULES
from hybridml.fusion.late.sharing import fit_member
from hybridml.fusion.late.stacked import Stacked, fit_stacked
from hybridml.fusion.late.weighted import fit_weights, mix
from hybridml.fusion.learning.head_candidates import list_candidates
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.modalities.block import Block
from hybridml.fusion.modalities.modality import Modality, check_modalities
from hybridml.fusion.patterns import Pattern, plan_patterns

Floats = npt.NDArray[np.float64]

COMBINATIONS: tuple[str, ...] = ("mean", "weighted", "product", "max", "vote", "stack")
NUMBER_COMBINATIONS: tuple[str, ...] = ("mean", "weighted", "stack")


class LateFusion(FusionEstimator):
    """Base of `LateFusionClassifier` and `LateFusionRegressor`."""

    combine: str
    head: Any
    final_estimator: Any
    cv: int
    random_state: int

    def _fit(
        self,
        frame: pd.DataFrame,
        targets: Targets,
        *,
        calibrate: bool,
        class_weight: Any = None,
    ) -> Self:
        owner = type(self).__name__
        modalities = check_modalities(self.modalities, owner=owner, may_predict=True)
        self._check(targets)
        members = [
            Member(
                modality,
                self._heads(modality, targets, class_weight),
                n_folds=self.cv,
                calibrate=calibrate,
                random_state=self.random_state,
            )
            for modality in modalities
        ]
        fitted = [fit_member(member, frame, targets) for member in members]
        self.members_ = [one.member for one in fitted]
        said = [one.said for one in fitted]
        self._spared_s = sum(one.seconds for one in fitted if one.is_shared)
        self.out_of_fold_ = {
            modality.name: np.where(block.is_present[:, None], block.values, np.nan)
            for modality, block in zip(modalities, said, strict=True)
        }
        self._targets, self._prior = targets.empty(), targets.prior()
        self._fit_combination(said, targets)
        if self.combine == "weighted":
            names = [modality.name for modality in modalities]
            full = self._weights[tuple(range(len(names)))]
            self.weights_ = dict(zip(names, full.tolist(), strict=True))
        return self

    def _readers(self) -> list[tuple[Any, Any]]:
        return [member.reader() for member in self.members_]

    def _fit_combination(self, said: list[Block], targets: Targets) -> None:
        """Learn how to combine each set of modalities that may be present."""
        presence = np.column_stack([block.is_present for block in said])
        self._patterns = plan_patterns(presence)
        self._weights: dict[Pattern, Floats] = {}
        self._finals: dict[Pattern, Stacked] = {}
        if self.combine not in ("weighted", "stack"):
            return
        for pattern in list(self._patterns):
            rows = np.flatnonzero(presence[:, list(pattern)].all(axis=1))
            if len(rows) < self.cv:
                self._patterns.remove(pattern)
                continue
            outputs = np.stack([said[i].values[rows] for i in pattern])
            known = targets.take(rows)
            if self.combine == "weighted":
                self._weights[pattern] = fit_weights(outputs, self._prior, known)
            elif len(pattern) > 1 or self.final_estimator is not None:
                self._finals[pattern] = fit_stacked(
                    outputs,
                    known,
                    final_estimator=self.final_estimator,
                    n_folds=self.cv,
                    random_state=self.random_state,
                )

    def _encode(self, X: Any) -> list[Block]:
        """Predict rows from each modality alone."""
        check_is_fitted(self)
        frame = self._frame(X, reset=False)
        return [member.outputs(frame) for member in self.members_]

    def _outputs(self, blocks: list[Block]) -> Floats:
        """Combine what the modalities say, to outputs of shape (n_rows, n_outputs)."""

        def ask(pattern: Pattern, rows: npt.NDArray[np.intp]) -> Floats:
            outputs = np.stack([blocks[i].values[rows] for i in pattern])
            return self._combine(pattern, outputs)

        return self._ask_patterns(blocks, self._patterns, ask)

    def _combine(self, pattern: Pattern, outputs: Floats) -> Floats:
        if self.combine == "weighted":
            return mix(outputs, self._weights[pattern], self._prior, self._targets)
        if pattern in self._finals:
            return self._finals[pattern].outputs(outputs, self._targets)
        rule = RULES.get(self.combine, RULES["mean"])  # of one modality: as it is
        return rule(outputs, self._targets.task)

    def _heads(
        self, modality: Modality, targets: Targets, class_weight: Any
    ) -> list[Any]:
        return list_candidates(
            self.head,
            targets.task,
            n_rows=len(targets.values),
            is_table=modality.encoder == "tabular",
            class_weight=class_weight,
            random_state=self.random_state,
        )

    def _check(self, targets: Targets) -> None:
        problems = Problems(type(self).__name__)
        known = COMBINATIONS
        if targets.task == "regression":
            known = NUMBER_COMBINATIONS
        is_known = isinstance(self.combine, str) and self.combine in known
        problems.expect(is_known, "combine", self.combine, list_names(known))
        problems.expect(
            is_count(self.cv, minimum=2), "cv", self.cv, "a number of folds from 2"
        )
        problems.raise_all()
