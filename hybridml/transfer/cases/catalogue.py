"""The transfer cases by number."""

from __future__ import annotations

from hybridml._checks import describe, is_count
from hybridml.exceptions import InvalidParameterError

CASES = {
    0: "the pretrained network as it is",
    1: "deep features and a shallow head",
    2: "fine-tune the last two layers",
    3: "fine-tune everything",
    4: "train from scratch",
}


def check_case(case: object) -> None:
    """Raise `InvalidParameterError` unless `case` is a whole number from 0 to 4."""
    if not is_count(case, minimum=0) or case not in CASES:
        names = "; ".join(f"{number}: {what}" for number, what in CASES.items())
        raise InvalidParameterError(describe("case", case, f"0 to 4 ({names})"))


def case_title(case: int) -> str:
    """Name a case with what it does: ``case 3: fine-tune everything``."""
    return f"case {case}: {CASES[case]}"
