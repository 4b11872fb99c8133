"""How the run of a comparison of fusions is called and found."""

from __future__ import annotations

from collections.abc import Sequence

from hybridml.fusion.comparing.candidate import FusionCandidate
from hybridml.fusion.comparing.options import FusionOptions


def comparison_title(options: FusionOptions) -> str:
    """Name the parent run after the modalities."""
    return f"fusion: {', '.join(one.name for one in options.modalities)}"


def comparison_tags(candidates: Sequence[FusionCandidate]) -> dict[str, str]:
    """Tags by which parent runs are found."""
    kinds = dict.fromkeys(one.kind for one in candidates if one.kind != "baseline")
    return {"hybridml.kind": "comparison", "hybridml.kinds": ", ".join(kinds)}
