"""Features of very many images: on one machine or a cluster, as a parquet dataset."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.distributed.dataset import FeatureDataset
    from hybridml.distributed.extracting import extract_features

__all__ = ["FeatureDataset", "extract_features"]

_HOMES = {"FeatureDataset": "dataset", "extract_features": "extracting"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"hybridml.distributed.{_HOMES[name]}")
    return getattr(module, name)
