"""Features of images: the extractor, and the store that keeps what it computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.features.extractor import DeepFeatureExtractor
    from hybridml.features.saving import save_features
    from hybridml.features.store import FeatureStore, default_store_path, open_store

__all__ = [
    "DeepFeatureExtractor",
    "FeatureStore",
    "default_store_path",
    "open_store",
    "save_features",
]


def __getattr__(name: str) -> Any:
    if name == "DeepFeatureExtractor":
        from hybridml.features.extractor import DeepFeatureExtractor

        return DeepFeatureExtractor
    if name == "save_features":
        from hybridml.features.saving import save_features

        return save_features
    if name in __all__:
        from hybridml.features import store

        return getattr(store, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
