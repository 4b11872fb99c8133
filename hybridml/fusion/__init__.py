"""Early, late and intermediate fusion of several modalities over one DataFrame.

Every name's module is imported when the name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.fusion.comparing.compare import compare_fusion
    from hybridml.fusion.comparing.comparison import FusionComparison
    from hybridml.fusion.early.classifier import EarlyFusionClassifier
    from hybridml.fusion.early.regressor import EarlyFusionRegressor
    from hybridml.fusion.encoders.audio.mel import log_mel_spectrogram
    from hybridml.fusion.encoders.spectrogram_extractor import SpectrogramExtractor
    from hybridml.fusion.encoders.table_encoder import TableEncoder
    from hybridml.fusion.encoders.text_encoder import TextEncoder
    from hybridml.fusion.intermediate.classifier import IntermediateFusionClassifier
    from hybridml.fusion.intermediate.regressor import IntermediateFusionRegressor
    from hybridml.fusion.late.classifier import LateFusionClassifier
    from hybridml.fusion.late.regressor import LateFusionRegressor
    from hybridml.fusion.reporting.modality_report import ModalityReport

__all__ = [
    "EarlyFusionClassifier",
    "EarlyFusionRegressor",
    "FusionComparison",
    "IntermediateFusionClassifier",
    "IntermediateFusionRegressor",
    "LateFusionClassifier",
    "LateFusionRegressor",
    "ModalityReport",
    "SpectrogramExtractor",
    "TableEncoder",
    "TextEncoder",
    "compare_fusion",
    "log_mel_spectrogram",
]

_HOME = {
    "EarlyFusionClassifier": "hybridml.fusion.early.classifier",
    "EarlyFusionRegressor": "hybridml.fusion.early.regressor",
    "FusionComparison": "hybridml.fusion.comparing.comparison",
    "IntermediateFusionClassifier": "hybridml.fusion.intermediate.classifier",
    "IntermediateFusionRegressor": "hybridml.fusion.intermediate.regressor",
    "LateFusionClassifier": "hybridml.fusion.late.classifier",
    "LateFusionRegressor": "hybridml.fusion.late.regressor",
    "ModalityReport": "hybridml.fusion.reporting.modality_report",
    "SpectrogramExtractor": "hybridml.fusion.encoders.spectrogram_extractor",
    "TableEncoder": "hybridml.fusion.encoders.table_encoder",
    "TextEncoder": "hybridml.fusion.encoders.text_encoder",
    "compare_fusion": "hybridml.fusion.comparing.compare",
    "log_mel_spectrogram": "hybridml.fusion.encoders.audio.mel",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hybridml.fusion' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
