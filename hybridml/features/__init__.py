"""Features of images: the extractor, and the store that keeps what it computed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.features.choosing import default_store_path, open_store
    from hybridml.features.extractor import DeepFeatureExtractor
    from hybridml.features.saving import save_features
    from hybridml.features.store import FeatureStore

__all__ = [
    "DeepFeatureExtractor",
    "FeatureStore",
    "default_store_path",
    "open_store",
    "save_features",
]

_HOMES = {
    "DeepFeatureExtractor": "extractor",
    "FeatureStore": "store",
    "default_store_path": "choosing",
    "open_store": "choosing",
    "save_features": "saving",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"hybridml.features.{_HOMES[name]}")
    return getattr(module, name)
