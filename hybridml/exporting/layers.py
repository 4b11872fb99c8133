"""Estimators that learn from several layers of a network: ensembles, and selections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridml.exporting.graph import Value, concatenate
from hybridml.exporting.images import ImageInput, image_features
from hybridml.exporting.predictors import say
from hybridml.exporting.said import Said
from hybridml.transfer.all_layers.estimator import AllLayersEstimator
from hybridml.transfer.all_layers.selecting_head import SelectingHead
from hybridml.transfer.cases.catalogue import ALL_LAYERS
from hybridml.transfer.layer_ensemble.estimator import LayerEnsemble


def say_ensemble(ensemble: LayerEnsemble, images: ImageInput) -> Said:
    """Add a fitted ensemble: the weighted mean of what its members say."""
    heads = ensemble.heads_
    names = [name for name in heads if name != ALL_LAYERS]
    features = image_features(ensemble.extractor_, images)
    parts = _split(features, [heads[name].n_features_in_ for name in names])
    given = dict(zip(names, parts, strict=True))
    if ALL_LAYERS in heads:
        given[ALL_LAYERS] = _join(parts)
    said = [_say_member(heads[name], part) for name, part in given.items()]
    weights = [float(ensemble.weights_[name]) for name in given]
    if not hasattr(ensemble, "classes_"):
        return Said(numbers=_mean([each.numbers for each in said], weights))
    mixed = _mean([each.probabilities for each in said], weights)
    return Said(ensemble.classes_, mixed)


def say_all_layers(estimator: AllLayersEstimator, images: ImageInput) -> Said:
    """Add a fitted head on features that were selected from all the layers."""
    n_kept = estimator.kept_per_layer_
    names = n_kept.index[n_kept > 0]
    columns = estimator.relevance_[estimator.relevance_["cut_layer"].isin(names)]
    widths = columns.groupby("cut_layer", sort=False).size()
    features = image_features(estimator.extractor_, images)
    joined = _join(_split(features, [int(widths[name]) for name in names]))
    kept = np.flatnonzero(columns["kept"].to_numpy())
    return say(estimator.head_, joined.take(kept, axis=1))


def _say_member(head: Any, features: Value) -> Said:
    if isinstance(head, SelectingHead):
        return say(head.head_, features.take(head.kept_, axis=1))
    return say(head, features)


def _split(features: Value, widths: Sequence[int]) -> list[Value]:
    ends = np.cumsum(widths)
    return [
        features.take(np.arange(end - width, end), axis=1)
        for end, width in zip(ends, widths, strict=True)
    ]


def _join(parts: Sequence[Value]) -> Value:
    """Put layers side by side, each row of one at length 1; see `join_layers`."""
    found = []
    for part in parts:
        lengths = (part * part).sum(1).op("Sqrt")
        found.append(part / (lengths > 0.0).op("Where", lengths, 1.0))
    return concatenate(found)


def _mean(values: Sequence[Value | None], weights: Sequence[float]) -> Value:
    """Average values of one shape, each with its weight."""
    total = None
    for value, weight in zip(values, weights, strict=True):
        assert value is not None
        part = value * weight
        total = part if total is None else total + part
    assert total is not None
    return total
