"""The five transfer cases as one estimator, their comparison, and scores beforehand."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.transfer.advice.advice import Advice
    from hybridml.transfer.advice.advise import advise_transfer_case
    from hybridml.transfer.all_layers.classifier import AllLayersClassifier
    from hybridml.transfer.all_layers.regressor import AllLayersRegressor
    from hybridml.transfer.cases.catalogue import CASES
    from hybridml.transfer.cases.cut_layer_regression_search import (
        CutLayerRegressionSearch,
    )
    from hybridml.transfer.cases.cut_layer_search import CutLayerSearch
    from hybridml.transfer.cases.pretrained_classifier import PretrainedClassifier
    from hybridml.transfer.comparing.compare import compare_transfer_cases
    from hybridml.transfer.comparing.comparison import TransferComparison
    from hybridml.transfer.evidence.curve_result import LayerCurve
    from hybridml.transfer.evidence.layer_curve import layer_curve
    from hybridml.transfer.evidence.measure_similarity import measure_similarity
    from hybridml.transfer.evidence.similarity import Similarity
    from hybridml.transfer.layer_ensemble.classifier import LayerEnsembleClassifier
    from hybridml.transfer.layer_ensemble.regressor import LayerEnsembleRegressor
    from hybridml.transfer.scores.backbones import score_backbones
    from hybridml.transfer.scores.catalogue import list_scores
    from hybridml.transfer.scores.cut_layers import score_cut_layers
    from hybridml.transfer.scores.gbc import gbc
    from hybridml.transfer.scores.h_score import h_score
    from hybridml.transfer.scores.knn_score import knn_score
    from hybridml.transfer.scores.leep import leep
    from hybridml.transfer.scores.logme import logme
    from hybridml.transfer.scores.n_leep import n_leep
    from hybridml.transfer.scores.nce import nce
    from hybridml.transfer.scores.parc import parc
    from hybridml.transfer.scores.probe_score import ProbeScore, probe_score
    from hybridml.transfer.scores.transrate import transrate
    from hybridml.transfer.transfer_classifier import TransferClassifier
    from hybridml.transfer.transfer_regressor import TransferRegressor

__all__ = [
    "CASES",
    "Advice",
    "AllLayersClassifier",
    "AllLayersRegressor",
    "CutLayerRegressionSearch",
    "CutLayerSearch",
    "LayerCurve",
    "LayerEnsembleClassifier",
    "LayerEnsembleRegressor",
    "PretrainedClassifier",
    "ProbeScore",
    "Similarity",
    "TransferClassifier",
    "TransferComparison",
    "TransferRegressor",
    "advise_transfer_case",
    "compare_transfer_cases",
    "gbc",
    "h_score",
    "knn_score",
    "layer_curve",
    "leep",
    "list_scores",
    "logme",
    "measure_similarity",
    "n_leep",
    "nce",
    "parc",
    "probe_score",
    "score_backbones",
    "score_cut_layers",
    "transrate",
]

_HOME = {
    "Advice": "hybridml.transfer.advice.advice",
    "AllLayersClassifier": "hybridml.transfer.all_layers.classifier",
    "AllLayersRegressor": "hybridml.transfer.all_layers.regressor",
    "CASES": "hybridml.transfer.cases.catalogue",
    "CutLayerRegressionSearch": ("hybridml.transfer.cases.cut_layer_regression_search"),
    "CutLayerSearch": "hybridml.transfer.cases.cut_layer_search",
    "LayerCurve": "hybridml.transfer.evidence.curve_result",
    "LayerEnsembleClassifier": "hybridml.transfer.layer_ensemble.classifier",
    "LayerEnsembleRegressor": "hybridml.transfer.layer_ensemble.regressor",
    "PretrainedClassifier": "hybridml.transfer.cases.pretrained_classifier",
    "ProbeScore": "hybridml.transfer.scores.probe_score",
    "Similarity": "hybridml.transfer.evidence.similarity",
    "TransferClassifier": "hybridml.transfer.transfer_classifier",
    "TransferComparison": "hybridml.transfer.comparing.comparison",
    "TransferRegressor": "hybridml.transfer.transfer_regressor",
    "advise_transfer_case": "hybridml.transfer.advice.advise",
    "compare_transfer_cases": "hybridml.transfer.comparing.compare",
    "gbc": "hybridml.transfer.scores.gbc",
    "h_score": "hybridml.transfer.scores.h_score",
    "knn_score": "hybridml.transfer.scores.knn_score",
    "leep": "hybridml.transfer.scores.leep",
    "list_scores": "hybridml.transfer.scores.catalogue",
    "logme": "hybridml.transfer.scores.logme",
    "n_leep": "hybridml.transfer.scores.n_leep",
    "nce": "hybridml.transfer.scores.nce",
    "parc": "hybridml.transfer.scores.parc",
    "probe_score": "hybridml.transfer.scores.probe_score",
    "score_backbones": "hybridml.transfer.scores.backbones",
    "score_cut_layers": "hybridml.transfer.scores.cut_layers",
    "transrate": "hybridml.transfer.scores.transrate",
    "layer_curve": "hybridml.transfer.evidence.layer_curve",
    "measure_similarity": "hybridml.transfer.evidence.measure_similarity",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
