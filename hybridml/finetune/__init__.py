"""Estimators that fine-tune a network, or train one, and a look at what it sees."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.finetune.augmentation_plot import plot_augmentations
    from hybridml.finetune.classifier import FineTuneClassifier
    from hybridml.finetune.regressor import FineTuneRegressor
    from hybridml.finetune.watching.callbacks import Callback
    from hybridml.finetune.watching.diagnosis import Diagnosis, diagnose
    from hybridml.finetune.watching.epoch_printer import EpochPrinter
    from hybridml.finetune.watching.progress_bar import ProgressBar
    from hybridml.finetune.watching.tracking_callback import LogToTracker

__all__ = [
    "Callback",
    "Diagnosis",
    "EpochPrinter",
    "FineTuneClassifier",
    "FineTuneRegressor",
    "LogToTracker",
    "ProgressBar",
    "diagnose",
    "plot_augmentations",
]

_HOME = {
    "Callback": "hybridml.finetune.watching.callbacks",
    "Diagnosis": "hybridml.finetune.watching.diagnosis",
    "EpochPrinter": "hybridml.finetune.watching.epoch_printer",
    "FineTuneClassifier": "hybridml.finetune.classifier",
    "FineTuneRegressor": "hybridml.finetune.regressor",
    "LogToTracker": "hybridml.finetune.watching.tracking_callback",
    "ProgressBar": "hybridml.finetune.watching.progress_bar",
    "diagnose": "hybridml.finetune.watching.diagnosis",
    "plot_augmentations": "hybridml.finetune.augmentation_plot",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
