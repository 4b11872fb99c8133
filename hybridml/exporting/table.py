"""The encoder of tables, as far as their columns are numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.impute import MissingIndicator
from sklearn.pipeline import Pipeline

from hybridml.exceptions import ModelError
from hybridml.exporting.graph import Value, concatenate
from hybridml.exporting.transformers import impute, transform
from hybridml.fusion.encoders.table.category_encoder import OTHER, CategoryEncoder
from hybridml.fusion.encoders.table_encoder import TableEncoder


def encode_table(encoder: TableEncoder, columns: Value, modality: str) -> Value:
    """Add a fitted `TableEncoder` behind columns of numbers.

    Parameters
    ----------
    encoder : TableEncoder
    columns : Value of shape (n, n_columns), float64
        As they stood in `fit`, NaN where a number is missing.
    modality : str
        Its name, for messages.

    Raises
    ------
    ModelError
        If it reads other columns than numbers, which are named.
    """
    others = [name for name, kind in encoder.kinds_.items() if kind != "number"]
    if others:
        listed = ", ".join(f"{name!r} ({encoder.kinds_[name]})" for name in others)
        raise ModelError(
            f"The modality {modality!r} cannot be exported to ONNX: a graph takes "
            f"columns of numbers, and these are others: {listed}. Leave them out."
        )
    place = {f"{name}": number for number, name in enumerate(encoder.kinds_)}
    parts = [
        _encode(part, columns.take(np.array([place[n] for n in names]), axis=1))
        for _, part, names in encoder._encoding.transformers_
        if len(names) and not isinstance(part, str)
    ]
    largest = float(np.finfo(np.float32).max)
    encoded = concatenate(parts).clip(-largest, largest)
    return encoded.cast(np.float32).cast(np.float64)


def _encode(part: Any, columns: Value) -> Value:
    if isinstance(part, Pipeline):
        imputer, scaler = (step for _, step in part.steps)
        return transform(scaler, impute(imputer, columns))
    if isinstance(part, MissingIndicator):
        marked = columns.take(np.asarray(part.features_, dtype=np.int64), axis=1)
        return marked.op("IsNaN").cast(np.float64)
    return _as_categories(part, columns)


def _as_categories(encoder: CategoryEncoder, columns: Value) -> Value:
    """Encode whole numbers as categories, as the library writes them: as texts."""
    found = []
    for number, categories in enumerate(encoder.one_hot_.categories_):
        column = columns.take(np.array([number]), axis=1)
        frequent = encoder.frequent_[number]
        is_one = {
            label: column.op("Equal", float(label)).cast(np.float64)
            for label in sorted(frequent)
        }
        other = -column.op("IsNaN").cast(np.float64) + 1.0
        for hits in is_one.values():
            other = other - hits
        found += [other if name == OTHER else is_one[name] for name in categories]
    return concatenate(found)
