"""What the contenders of a comparison of fusions have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridml.comparing.tasks import Task
from hybridml.fusion.modalities.modality import Modality

KINDS = ("early", "late", "intermediate")
METHODS = ("concat", "gated", "low_rank", "attention")


@dataclass(frozen=True, eq=False)
class FusionOptions:
    """Settings that are the same for all contenders.

    Attributes
    ----------
    modalities : tuple of Modality
        With columns by name.
    encoders : mapping of {str: estimator or str}
        By modality; those that use a network always as estimators.
    task : {"classification", "multilabel", "regression"}
    class_weight : "balanced", dict or None
    random_state : int
    """

    modalities: Sequence[Modality]
    encoders: Mapping[str, Any]
    task: Task
    class_weight: Any = None
    random_state: int = 0
