"""The five transfer cases as one estimator, and their comparison."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.transfer.cases import CASES
    from hybridml.transfer.compare import compare_transfer_cases
    from hybridml.transfer.comparison import TransferComparison
    from hybridml.transfer.cut_layer_search import CutLayerSearch
    from hybridml.transfer.pretrained_classifier import PretrainedClassifier
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
    "CASES": "hybridml.transfer.cases",
    "CutLayerSearch": "hybridml.transfer.cut_layer_search",
    "PretrainedClassifier": "hybridml.transfer.pretrained_classifier",
    "TransferClassifier": "hybridml.transfer.transfer_classifier",
    "TransferComparison": "hybridml.transfer.comparison",
    "compare_transfer_cases": "hybridml.transfer.compare",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
