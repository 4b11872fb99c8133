"""The five transfer cases as one estimator, and their comparison."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.transfer.cases.catalogue import CASES
    from hybridml.transfer.cases.cut_layer_search import CutLayerSearch
    from hybridml.transfer.cases.pretrained_classifier import PretrainedClassifier
    from hybridml.transfer.comparing.compare import compare_transfer_cases
    from hybridml.transfer.comparing.comparison import TransferComparison
    from hybridml.transfer.transfer_classifier import TransferClassifier

__all__ = [
    "CASES",
    "CutLayerSearch",
    "PretrainedClassifier",
    "TransferClassifier",
    "TransferComparison",
    "compare_transfer_cases",
]

_HOME = {
    "CASES": "hybridml.transfer.cases.catalogue",
    "CutLayerSearch": "hybridml.transfer.cases.cut_layer_search",
    "PretrainedClassifier": "hybridml.transfer.cases.pretrained_classifier",
    "TransferClassifier": "hybridml.transfer.transfer_classifier",
    "TransferComparison": "hybridml.transfer.comparing.comparison",
    "compare_transfer_cases": "hybridml.transfer.comparing.compare",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
