"""Early fusion: blocks of features, scaled and joined, and a head for what is there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from hybridml.exceptions import ModelError
from hybridml.exporting.graph import Value, concatenate
from hybridml.exporting.images import ImageInput, image_features
from hybridml.exporting.predictors import say
from hybridml.exporting.said import Said, say_labels
from hybridml.exporting.table import encode_table
from hybridml.exporting.transformers import transform
from hybridml.fusion.early.estimator import EarlyFusion
from hybridml.fusion.early.joined import JoinedHead
from hybridml.fusion.encoders.table_encoder import TableEncoder
from hybridml.fusion.learning.block_scaler import BlockScaler
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.modalities.encoder import ModalityEncoder
from hybridml.fusion.patterns import nearest_pattern

_LEAST = 1e-6  # probability that counts as none; see hybridml.fusion.learning.scores


def say_early_fusion(
    fusion: EarlyFusion, inputs: dict[str, ImageInput | Value]
) -> Said:
    """Add a fitted early fusion behind its modalities.

    Parameters
    ----------
    fusion : EarlyFusionClassifier or EarlyFusionRegressor
    inputs : dict of {str: ImageInput or Value}
        By modality: images, or numbers of shape (n, n_columns), float64. A row lacks a
        modality where all of its numbers are NaN.

    Raises
    ------
    ModelError
        If a modality or a head cannot be exported; the message names it.
    """
    blocks, present = [], {}
    for place, (encoder, scaler) in enumerate(
        zip(fusion.encoders_, fusion.scalers_, strict=True)
    ):
        given = inputs[encoder.name]
        features, is_there = _encode(encoder, given)
        block = _scale(scaler, features)
        if is_there is not None:
            present[place] = is_there
            block = is_there.op("Where", block, 0.0)
        blocks.append(block)
    outputs = _ask(fusion, blocks, present)
    return _as_said(outputs, fusion._targets)


def _encode(
    encoder: ModalityEncoder, given: ImageInput | Value
) -> tuple[Value, Value | None]:
    """Encode a modality, and tell in which rows it is; None for all."""
    estimator = encoder.estimator_
    if isinstance(given, ImageInput):
        return image_features(estimator, given), None
    n_missing = given.op("IsNaN").cast(np.float64).sum(1)
    n_columns = len(encoder.columns_) if isinstance(encoder.columns_, list) else 1
    is_there = n_missing < float(n_columns)
    if isinstance(estimator, TableEncoder):
        return encode_table(estimator, given, encoder.name), is_there
    return transform(estimator, given), is_there


def _scale(scaler: BlockScaler, features: Value) -> Value:
    if scaler.reduction_ is not None:
        features = transform(scaler.reduction_, features)
    if np.ndim(scaler.mean_):
        features = features - np.asarray(scaler.mean_)[None, :]
    return features / scaler.scale_


def _ask(fusion: EarlyFusion, blocks: list[Value], present: dict[int, Value]) -> Value:
    """Ask the head of whatever modalities a row has."""
    always = set(range(len(blocks))) - present.keys()
    if not always:
        raise ModelError(
            "Early fusion without images cannot be exported: expected an 'image' "
            "among the modalities."
        )
    outputs: Value | None = None
    asked: dict[tuple[int, ...], Value] = {}
    for there in product((True, False), repeat=len(present)):
        has = dict(zip(present, there, strict=True))
        found = tuple(sorted(always | {place for place, yes in has.items() if yes}))
        pattern = nearest_pattern(found, fusion._heads)
        if pattern is None:
            pattern = max(fusion._heads, key=len)
        if pattern not in asked:
            asked[pattern] = _outputs(fusion._heads[pattern], blocks, fusion._targets)
        if outputs is None:
            outputs = asked[pattern]
            continue
        is_so = None
        for place, yes in has.items():
            same = present[place] if yes else present[place].op("Not")
            is_so = same if is_so is None else is_so & same
        if is_so is not None:
            outputs = is_so.op("Where", asked[pattern], outputs)
    assert outputs is not None
    return outputs


def _outputs(joined: JoinedHead, blocks: list[Value], targets: Targets) -> Value:
    shares = joined.weights / np.sqrt(len(joined.weights))
    pairs = zip(joined.pattern, shares, strict=True)
    features = concatenate([blocks[place] * float(share) for place, share in pairs])
    if targets.task == "regression":
        numbers = say(joined.head, features).numbers
        assert numbers is not None
        return numbers
    scores = _SCORES[targets.task](joined.head, features, targets) / joined.temperature
    if targets.task == "multilabel":
        return scores.op("Sigmoid")
    return scores.op("Softmax", axis=1)


def _class_scores(head: Any, features: Value, targets: Targets) -> Value:
    classes = np.asarray(targets.classes)
    own = np.searchsorted(classes, head.classes_)
    if len(head.classes_) == 1:  # the only class that there was says so always
        certain = np.full((1, len(classes)), np.log(_LEAST))
        certain[0, own] = 0.0
        return features.take(np.array([0]), axis=1) * 0.0 + certain
    said = say(head, features)
    if said.probabilities is not None:
        scores = said.probabilities.op("Max", _LEAST).op("Log")
    else:
        assert said.scores is not None
        scores = said.scores
        if len(head.classes_) == 2:
            scores = concatenate([-scores, scores]) / 2.0
    if len(own) == len(classes):
        return scores
    place = np.zeros((len(own), len(classes)))
    place[np.arange(len(own)), own] = 1.0
    unseen = np.full((1, len(classes)), np.log(_LEAST))
    unseen[0, own] = 0.0
    return scores @ place + unseen


def _label_scores(head: Any, features: Value, targets: Targets) -> Value:
    said = say(head, features)
    if said.probabilities is not None:
        certain = said.probabilities.clip(_LEAST, 1 - _LEAST)
        return (certain / (-certain + 1.0)).op("Log")
    assert said.scores is not None
    return said.scores


_SCORES: dict[str, Callable[[Any, Value, Targets], Value]] = {
    "classification": _class_scores,
    "multilabel": _label_scores,
}


def _as_said(outputs: Value, targets: Targets) -> Said:
    if targets.task == "regression":
        return Said(numbers=outputs)
    if targets.task == "multilabel":
        return say_labels(outputs)
    return Said(targets.classes, outputs)
