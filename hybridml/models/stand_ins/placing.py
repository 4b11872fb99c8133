"""Puts stand-ins into a copy of an estimator, and takes them out again."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from torch import nn

from hybridml.exceptions import ModelError
from hybridml.features.store import FeatureStore
from hybridml.models.rebuilding import rebuild
from hybridml.models.stand_ins.module import Module
from hybridml.models.stand_ins.pairs import Pairs
from hybridml.models.stand_ins.stand_in import StandIn
from hybridml.models.stand_ins.table import Table
from hybridml.models.stand_ins.trees import Trees
from hybridml.models.stand_ins.tuned import Tuned

# Parameters that say how a fit is watched and kept, and nothing of what was learned.
_OF_THE_FIT: dict[str, Any] = {"callbacks": (), "checkpoint": None}


def take_out(estimator: Any, files: MutableMapping[str, bytes]) -> Any:
    """Copy an estimator, with stand-ins for what a model's file cannot hold.

    A feature store becomes the default one, since it is of this machine; callbacks and
    checkpoints are left out.

    Parameters
    ----------
    estimator : Any
        It is not changed.
    files : mutable mapping of {str: bytes}
        Takes what is a file of its own, by name.

    Raises
    ------
    ModelError
        If something in it cannot be saved without code.
    """

    def replace(value: Any) -> Any:
        if isinstance(value, FeatureStore):
            return "default"
        if isinstance(value, Path):
            return str(value)
        if isinstance(value, BaseEstimator):
            return _as_learned(value)
        if Tuned.suits(value):
            return Tuned.of(value, files)
        if Trees.suits(value):
            return Trees.of(value, files)
        for kind in (Module, Table, Pairs):
            if kind.suits(value):
                return kind.of(value)
        return value

    return rebuild(estimator, before=replace)


def put_back(estimator: Any, files: Mapping[str, bytes]) -> Any:
    """Copy what `take_out` gave, with the things themselves for their stand-ins."""

    def restore(value: Any) -> Any:
        return value.restore(files) if isinstance(value, StandIn) else value

    return rebuild(estimator, after=restore)


def take_out_settings(estimator: Any) -> Any:
    """Copy an estimator without what tells of a machine or of the fit alone."""

    def replace(value: Any) -> Any:
        return _as_learned(value) if isinstance(value, BaseEstimator) else value

    return rebuild(estimator, before=replace)


def _as_learned(estimator: BaseEstimator) -> BaseEstimator:
    own = dict(vars(estimator))
    if isinstance(own.get("backbone"), nn.Module):
        kind = type(own["backbone"]).__name__
        raise ModelError(
            f"Got backbone=<{kind}> in {type(estimator).__name__}; expected a network "
            "by name, which can be built without saved code. Register it with "
            "register_backbone, or pickle the estimator."
        )
    changed = {name: value for name, value in _OF_THE_FIT.items() if name in own}
    if not isinstance(own.get("augmentation"), str | None):
        changed["augmentation"] = "standard"  # a policy or a function
    if own.get("store") is not None:
        changed["store"] = "default"
    if not changed:
        return estimator
    copied: BaseEstimator = object.__new__(type(estimator))
    copied.__dict__.update({**own, **changed})
    return copied
