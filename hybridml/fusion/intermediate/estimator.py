"""What intermediate fusion of classes and of numbers have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError
from hybridml.finetune.learning import targets as learning
from hybridml.finetune.watching.callbacks import Callback
from hybridml.finetune.watching.telling import told_of_fit
from hybridml.fusion.estimator import FusionEstimator
from hybridml.fusion.intermediate.networks.image_stem import ImageStem
from hybridml.fusion.intermediate.networks.trained_networks import TrainedNetworks
from hybridml.fusion.intermediate.parameters import check_parameters
from hybridml.fusion.intermediate.training.block_preparer import BlockPreparer
from hybridml.fusion.intermediate.training.maps_encoder import MapsEncoder, with_maps
from hybridml.fusion.intermediate.training.train_networks import train_networks
from hybridml.fusion.learning.scores import outputs_from
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.modalities.block import Block
from hybridml.fusion.modalities.encoder import ModalityEncoder
from hybridml.fusion.modalities.modality import check_modalities

Floats = npt.NDArray[np.float64]


# A dataclass for its constructor alone: it stores the parameters, and nothing else.
@dataclass(eq=False, repr=False)
class IntermediateFusion(FusionEstimator):
    """Base of `IntermediateFusionClassifier` and `IntermediateFusionRegressor`."""

    modalities: Any
    _: KW_ONLY
    method: str = "gated"
    missing: str = "networks"
    n_networks: int = 1
    width: int = 128
    rank: int = 8
    n_heads: int = 4
    n_components: int = 256
    trainable: str = "head"
    dropout: float = 0.5
    input_dropout: float = 0.6
    modality_dropout: float = 0.0
    auxiliary_weight: float = 0.3
    epochs: str | int = "auto"
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.3
    validation_fraction: float = 0.0
    patience: int | None = 10
    refit: bool = True
    device: str = "auto"
    callbacks: Sequence[Callback] = ()
    random_state: int = 0
    verbose: int = 0

    def _check(self) -> None:
        owner = type(self).__name__
        check_parameters(self.get_params(deep=False), owner=owner)
        adapt = partial(with_maps, trainable=self.trainable)
        self.encoders_ = [
            ModalityEncoder(modality, adapt=adapt)
            for modality in check_modalities(self.modalities, owner=owner)
        ]

    def _fit(self, frame: pd.DataFrame, targets: Targets, weights: Floats) -> Self:
        self.__dict__.pop("networks_", None)  # a fit that fails leaves nothing half new
        blocks = [
            encoder.fit_encode(frame, targets.for_heads()) for encoder in self.encoders_
        ]
        stems = self._make_stems()
        self._preparers = [
            self._fit_preparer(block, stems.get(i)) for i, block in enumerate(blocks)
        ]
        self._stemmed = set(stems)
        self._targets, self._prior = targets.empty(), targets.prior()
        presence = _presence(blocks)
        learned = _learned(targets, weights * presence.any(axis=1))
        with told_of_fit(self) as callbacks:
            train_networks(
                self,
                self._prepared(blocks),
                [preparer.width_ for preparer in self._preparers],
                stems,
                presence,
                learned,
                callbacks,
            )
        return self

    def _make_stems(self) -> dict[int, ImageStem]:
        """Make what learns of the networks, by the positions of their modalities."""
        encoders = [encoder.estimator_ for encoder in self.encoders_]
        found = {
            i: encoder.make_stem()
            for i, encoder in enumerate(encoders)
            if isinstance(encoder, MapsEncoder)
        }
        if self.trainable != "head" and not found:
            expected = "'head': no modality is an image with a DeepFeatureExtractor"
            message = describe("trainable", self.trainable, expected)
            raise InvalidParameterError(f"{type(self).__name__}: {message}")
        return found

    def _fit_preparer(self, block: Block, stem: ImageStem | None) -> BlockPreparer:
        """Learn how features are scaled; where a stem makes them, it does that, too."""
        preparer = BlockPreparer(self.n_components, self.random_state)
        if stem is None:
            return preparer.fit(block)
        features = stem.features_of(block.values)
        preparer.fit(Block(features, block.is_present))
        stem.scale_by(preparer.transform_features, features.shape[1])
        return preparer

    def _encode(self, X: Any) -> list[Block]:
        """Encode the modalities of rows."""
        check_is_fitted(self, "networks_")
        frame = self._frame(X, reset=False)
        return [encoder.encode(frame) for encoder in self.encoders_]

    def _outputs(self, blocks: list[Block]) -> Floats:
        """Compute outputs of shape (n_rows, n_outputs) from encoded modalities.

        A row that has no modality gets the prior.
        """
        networks: TrainedNetworks = self.networks_
        presence = _presence(blocks)
        scores = networks.scores(self._prepared(blocks), presence)
        outputs = outputs_from(scores, self._targets)
        outputs[~presence.any(axis=1)] = self._prior
        return outputs

    def _prepared(self, blocks: list[Block]) -> list[npt.NDArray[Any]]:
        """Prepare blocks, but for those that a stem makes features of."""
        pairs = zip(self._preparers, blocks, strict=True)
        return [
            np.asarray(b.values) if i in self._stemmed else preparer.transform(b)
            for i, (preparer, b) in enumerate(pairs)
        ]


def _presence(blocks: list[Block]) -> npt.NDArray[np.bool_]:
    return np.column_stack([block.is_present for block in blocks])


def _learned(targets: Targets, weights: Floats) -> learning.Targets:
    """Bring targets into the form that the training loop takes them in."""
    values = targets.values
    if targets.task == "classification":
        return learning.class_targets(values, weights)
    if targets.task == "multilabel":
        return learning.label_targets(values.astype(bool), weights)
    return learning.number_targets(values, weights)
