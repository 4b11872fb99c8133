"""Shallow heads that learn from deep features; none of it needs torch.

Every name's module is imported when the name is first used; XGBoost itself is imported
when an XGBoost head is fitted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.heads.calibrated_head import CalibratedHead
    from hybridml.heads.catalogue import (
        HeadSpec,
        Task,
        default_heads,
        get_head,
        list_heads,
    )
    from hybridml.heads.making import head_grid, make_head
    from hybridml.heads.multilabel_head import MultiLabelHead
    from hybridml.heads.scaled_target_head import ScaledTargetHead
    from hybridml.heads.xgboost_head import XGBoostClassifier, XGBoostRegressor

__all__ = [
    "CalibratedHead",
    "HeadSpec",
    "MultiLabelHead",
    "ScaledTargetHead",
    "Task",
    "XGBoostClassifier",
    "XGBoostRegressor",
    "default_heads",
    "get_head",
    "head_grid",
    "list_heads",
    "make_head",
]

_HOME = {
    "CalibratedHead": "hybridml.heads.calibrated_head",
    "HeadSpec": "hybridml.heads.catalogue",
    "MultiLabelHead": "hybridml.heads.multilabel_head",
    "ScaledTargetHead": "hybridml.heads.scaled_target_head",
    "Task": "hybridml.heads.catalogue",
    "XGBoostClassifier": "hybridml.heads.xgboost_head",
    "XGBoostRegressor": "hybridml.heads.xgboost_head",
    "default_heads": "hybridml.heads.catalogue",
    "get_head": "hybridml.heads.catalogue",
    "head_grid": "hybridml.heads.making",
    "list_heads": "hybridml.heads.catalogue",
    "make_head": "hybridml.heads.making",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hybridml.heads' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
