"""Deep features and classical machine learning in one scikit-learn pipeline.

Every public name is here. Its module is imported when the name is first used (PEP 562),
so that importing hybridml by itself loads neither torch nor MLflow nor XGBoost.
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.backbones import (
        Backbone,
        Preprocessing,
        Stage,
        list_backbones,
        list_cut_layers,
        register_backbone,
    )
    from hybridml.distributed import FeatureDataset, extract_features
    from hybridml.exporting import to_onnx
    from hybridml.features import DeepFeatureExtractor, FeatureStore
    from hybridml.finetune import FineTuneClassifier, FineTuneRegressor
    from hybridml.fusing import FusedModel, fuse
    from hybridml.fusion import (
        EarlyFusionClassifier,
        EarlyFusionRegressor,
        FusionComparison,
        IntermediateFusionClassifier,
        IntermediateFusionRegressor,
        LateFusionClassifier,
        LateFusionRegressor,
        SpectrogramExtractor,
        TableEncoder,
        TextEncoder,
        compare_fusion,
        log_mel_spectrogram,
    )
    from hybridml.heads import (
        XGBoostClassifier,
        XGBoostRegressor,
        head_grid,
        list_heads,
        make_head,
    )
    from hybridml.images import load_image_folder, load_manifest
    from hybridml.models import (
        load_model,
        log_model,
        promote,
        register_winner,
        save_model,
    )
    from hybridml.tracking import (
        MLflowTracker,
        NullTracker,
        RecordingTracker,
        track_search,
    )
    from hybridml.transfer import (
        Advice,
        AllLayersClassifier,
        AllLayersRegressor,
        PretrainedClassifier,
        TransferClassifier,
        TransferComparison,
        TransferRegressor,
        advise_transfer_case,
        compare_transfer_cases,
        layer_curve,
        measure_similarity,
        score_backbones,
        score_cut_layers,
    )

__all__ = [
    "Advice",
    "AllLayersClassifier",
    "AllLayersRegressor",
    "Backbone",
    "DeepFeatureExtractor",
    "EarlyFusionClassifier",
    "EarlyFusionRegressor",
    "FeatureDataset",
    "FeatureStore",
    "FineTuneClassifier",
    "FineTuneRegressor",
    "FusedModel",
    "FusionComparison",
    "IntermediateFusionClassifier",
    "IntermediateFusionRegressor",
    "LateFusionClassifier",
    "LateFusionRegressor",
    "MLflowTracker",
    "NullTracker",
    "Preprocessing",
    "PretrainedClassifier",
    "RecordingTracker",
    "SpectrogramExtractor",
    "Stage",
    "TableEncoder",
    "TextEncoder",
    "TransferClassifier",
    "TransferComparison",
    "TransferRegressor",
    "XGBoostClassifier",
    "XGBoostRegressor",
    "advise_transfer_case",
    "compare_fusion",
    "compare_transfer_cases",
    "extract_features",
    "fuse",
    "head_grid",
    "layer_curve",
    "list_backbones",
    "list_cut_layers",
    "list_heads",
    "load_image_folder",
    "load_manifest",
    "load_model",
    "log_mel_spectrogram",
    "log_model",
    "make_head",
    "measure_similarity",
    "promote",
    "register_backbone",
    "register_winner",
    "save_model",
    "score_backbones",
    "score_cut_layers",
    "to_onnx",
    "track_search",
]

__version__: str

_HOME = {
    "Advice": "hybridml.transfer",
    "AllLayersClassifier": "hybridml.transfer",
    "AllLayersRegressor": "hybridml.transfer",
    "Backbone": "hybridml.backbones",
    "DeepFeatureExtractor": "hybridml.features",
    "EarlyFusionClassifier": "hybridml.fusion",
    "EarlyFusionRegressor": "hybridml.fusion",
    "FeatureDataset": "hybridml.distributed",
    "FeatureStore": "hybridml.features",
    "FineTuneClassifier": "hybridml.finetune",
    "FineTuneRegressor": "hybridml.finetune",
    "FusedModel": "hybridml.fusing",
    "FusionComparison": "hybridml.fusion",
    "IntermediateFusionClassifier": "hybridml.fusion",
    "IntermediateFusionRegressor": "hybridml.fusion",
    "LateFusionClassifier": "hybridml.fusion",
    "LateFusionRegressor": "hybridml.fusion",
    "MLflowTracker": "hybridml.tracking",
    "NullTracker": "hybridml.tracking",
    "Preprocessing": "hybridml.backbones",
    "PretrainedClassifier": "hybridml.transfer",
    "RecordingTracker": "hybridml.tracking",
    "SpectrogramExtractor": "hybridml.fusion",
    "Stage": "hybridml.backbones",
    "TableEncoder": "hybridml.fusion",
    "TextEncoder": "hybridml.fusion",
    "TransferClassifier": "hybridml.transfer",
    "TransferComparison": "hybridml.transfer",
    "TransferRegressor": "hybridml.transfer",
    "XGBoostClassifier": "hybridml.heads",
    "XGBoostRegressor": "hybridml.heads",
    "advise_transfer_case": "hybridml.transfer",
    "compare_fusion": "hybridml.fusion",
    "compare_transfer_cases": "hybridml.transfer",
    "extract_features": "hybridml.distributed",
    "fuse": "hybridml.fusing",
    "head_grid": "hybridml.heads",
    "layer_curve": "hybridml.transfer",
    "list_backbones": "hybridml.backbones",
    "list_cut_layers": "hybridml.backbones",
    "list_heads": "hybridml.heads",
    "load_image_folder": "hybridml.images",
    "load_manifest": "hybridml.images",
    "load_model": "hybridml.models",
    "log_mel_spectrogram": "hybridml.fusion",
    "log_model": "hybridml.models",
    "make_head": "hybridml.heads",
    "measure_similarity": "hybridml.transfer",
    "promote": "hybridml.models",
    "register_backbone": "hybridml.backbones",
    "register_winner": "hybridml.models",
    "save_model": "hybridml.models",
    "score_backbones": "hybridml.transfer",
    "score_cut_layers": "hybridml.transfer",
    "to_onnx": "hybridml.exporting",
    "track_search": "hybridml.tracking",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value = metadata.version("hybridml")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module 'hybridml' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
