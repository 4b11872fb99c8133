"""How the run of a comparison of transfer cases is called and found."""

from __future__ import annotations

from collections.abc import Sequence

from hybridml.transfer.comparing.candidate import Candidate


def comparison_title(candidates: Sequence[Candidate]) -> str:
    """Name the parent run after the backbones."""
    backbones = dict.fromkeys(
        c.options.backbone for c in candidates if c.case is not None
    )
    return f"transfer cases: {', '.join(backbones)}"


def comparison_tags(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Tags by which parent runs are found."""
    cases = dict.fromkeys(str(c.case) for c in candidates if c.case is not None)
    return {"hybridml.kind": "comparison", "hybridml.cases": ", ".join(cases)}
