"""Which store an estimator's parameter means."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError
from hybridml.features.store import FeatureStore


def open_store(store: str | Path | FeatureStore | None) -> FeatureStore | None:
    """Turn an estimator's `store` parameter into a store.

    Parameters
    ----------
    store : "default", path, FeatureStore or None
        "default" is the folder named by the environment variable HYBRIDML_STORE, else
        one in the user's cache folder; None is no store.
    """
    if store is None or isinstance(store, FeatureStore):
        return store
    if store == "default":
        return _store_at(default_store_path())
    if isinstance(store, str | Path):
        return _store_at(Path(store))
    expected = "'default', a folder, a FeatureStore or None"
    raise InvalidParameterError(describe("store", store, expected))


def default_store_path() -> Path:
    """Folder of the default store."""
    named = os.environ.get("HYBRIDML_STORE")
    return Path(named) if named else user_cache_path("hybridml") / "store"


@cache
def _store_at(path: Path) -> FeatureStore:
    # One object a path and process: a folder that cannot be used is told of once.
    return FeatureStore(path)
