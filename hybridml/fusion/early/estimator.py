"""What early fusion of classes and of numbers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import Problems, is_count, is_number
from hybridml.fusion.early.joined import JoinedHead, fit_joined
from hybridml.fusion.estimator import FusionEstimator
from hybridml.fusion.learning.block_scaler import BlockScaler
from hybridml.fusion.learning.head_candidates import list_candidates
from hybridml.fusion.learning.row_space import RowSpace, is_worth_turning
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.modalities.block import Block
from hybridml.fusion.modalities.encoder import ModalityEncoder
from hybridml.fusion.modalities.modality import check_modalities
from hybridml.fusion.patterns import plan_patterns

Floats = npt.NDArray[np.float64]


class EarlyFusion(FusionEstimator):
    """Base of `EarlyFusionClassifier` and `EarlyFusionRegressor`."""

    head: Any
    weights: Any
    n_components: Any
    missing: str
    cv: int
    random_state: int
    _heads: dict[tuple[int, ...], JoinedHead]

    def _fit(self, frame: Any, targets: Targets, class_weight: Any = None) -> Self:
        modalities = check_modalities(self.modalities, owner=type(self).__name__)
        names = [modality.name for modality in modalities]
        self._check(names)
        heads = list_candidates(
            self.head,
            targets.task,
            n_rows=len(frame),
            is_table=[modality.encoder for modality in modalities] == ["tabular"],
            class_weight=class_weight,
            random_state=self.random_state,
        )
        given = self._given_weights(names)
        self.encoders_ = [ModalityEncoder(modality) for modality in modalities]
        blocks = [
            encoder.fit_encode(frame, targets.for_heads()) for encoder in self.encoders_
        ]
        self.scalers_ = [
            BlockScaler(self._components(name), random_state=self.random_state).fit(b)
            for name, b in zip(names, blocks, strict=True)
        ]
        self._targets, self._prior = targets.empty(), targets.prior()
        self._fit_heads(blocks, targets, heads, given)
        full = self._heads[tuple(range(len(names)))]
        self.weights_ = dict(zip(names, full.weights.tolist(), strict=True))
        self.head_ = full.head
        return self

    def _fit_heads(
        self,
        blocks: list[Block],
        targets: Targets,
        heads: list[Any],
        weights: Floats | None,
    ) -> None:
        features = self._features(blocks)
        presence = np.column_stack([block.is_present for block in blocks])
        patterns = plan_patterns(presence)
        if self.missing == "zero":
            patterns = patterns[:1]
        space = RowSpace.of(features) if is_worth_turning(features, heads) else None
        self._heads = {}
        for pattern in patterns:
            chosen = list(pattern)
            rows = np.flatnonzero(presence[:, chosen].any(axis=1))
            self._heads[pattern] = fit_joined(
                pattern,
                [features[i][rows] for i in pattern],
                targets.take(rows),
                heads=heads,
                weights=None if weights is None else weights[chosen],
                n_folds=self.cv,
                random_state=self.random_state,
                space=space and space.take(pattern, rows),
            )

    def _encode(self, X: Any) -> list[Block]:
        """Encode the modalities of rows."""
        check_is_fitted(self)
        frame = self._frame(X, reset=False)
        return [encoder.encode(frame) for encoder in self.encoders_]

    def _outputs(self, blocks: list[Block]) -> Floats:
        """Compute outputs of shape (n_rows, n_outputs) from encoded modalities."""
        features = self._features(blocks)

        def ask(pattern: tuple[int, ...], rows: npt.NDArray[np.intp]) -> Floats:
            own = [block[rows] for block in features]
            return self._heads[pattern].outputs(own, self._targets)

        return self._ask_patterns(blocks, self._heads, ask)

    def _features(self, blocks: list[Block]) -> list[Any]:
        pairs = zip(self.scalers_, blocks, strict=True)
        return [scaler.transform(block) for scaler, block in pairs]

    def _components(self, name: str) -> Any:
        given = self.n_components
        return given.get(name) if isinstance(given, Mapping) else given

    def _given_weights(self, names: list[str]) -> Floats | None:
        if isinstance(self.weights, Mapping):
            return np.array([self.weights.get(name, 1.0) for name in names])
        return None if self.weights == "auto" else np.ones(len(names))

    def _check(self, names: list[str]) -> None:
        problems = Problems(type(self).__name__)
        weights = self.weights
        of_names = isinstance(weights, Mapping) and all(
            name in names and is_number(weight, low=1e-9)
            for name, weight in weights.items()
        )
        problems.expect(
            of_names or (isinstance(weights, str) and weights in ("auto", "equal")),
            "weights",
            weights,
            "'auto', 'equal' or a positive number for names of modalities",
        )
        components = self.n_components
        listed = (
            list(components.values())
            if isinstance(components, Mapping)
            else [components]
        )
        known = not isinstance(components, Mapping) or set(components) <= set(names)
        problems.expect(
            known and all(_are_components(one) for one in listed),
            "n_components",
            components,
            "None, a number from 1, a fraction below 1, or a dict of these by modality",
        )
        is_known = isinstance(self.missing, str) and self.missing in _MISSING
        problems.expect(is_known, "missing", self.missing, "'submodels' or 'zero'")
        problems.expect(
            is_count(self.cv, minimum=2), "cv", self.cv, "a number of folds from 2"
        )
        problems.raise_all()


_MISSING = ("submodels", "zero")


def _are_components(given: Any) -> bool:
    if given is None or is_count(given):
        return True
    return isinstance(given, float) and 0 < given < 1
