"""The estimator that a graph is compared with: in float32, on the CPU, no store."""

from __future__ import annotations

import warnings
from typing import Any

from hybridml.exceptions import PrecisionWarning
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.finetune.tuned_network import TunedNetwork
from hybridml.models.rebuilding import iterate_parts, rebuild


def in_float32(estimator: Any) -> Any:
    """Copy a fitted estimator so that its networks compute as a graph does.

    Warns
    -----
    PrecisionWarning
        If they computed in bfloat16, so that predictions may differ a little.
    """
    told = [_precision(part) for part in iterate_parts(estimator)]
    if "bf16" in told:
        warnings.warn(
            "The estimator was fitted on features in bf16, and its graph computes in "
            "float32: predictions may differ a little. The graph is compared with the "
            "estimator in float32. Fit with precision='fp32' for the same everywhere.",
            PrecisionWarning,
            stacklevel=3,
        )
    return rebuild(estimator, before=_retuned, after=_switched)


def _precision(part: Any) -> str | None:
    if isinstance(part, TunedNetwork):
        return part.network.precision
    if isinstance(part, DeepFeatureExtractor):
        return getattr(part, "precision_", None)
    return None


def _retuned(part: Any) -> Any:
    if not isinstance(part, TunedNetwork):
        return part
    told = {**part.description(), "device": "cpu", "precision": "fp32"}
    return TunedNetwork.restore(told, part.tensors())


def _switched(part: Any) -> Any:
    if isinstance(part, DeepFeatureExtractor):
        part.device, part.precision, part.store = "cpu", "fp32", None
    return part
