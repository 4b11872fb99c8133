"""The transfer cases by number."""

from __future__ import annotations

from hybridml._checks import describe, is_count
from hybridml.comparing.tasks import Task
from hybridml.exceptions import InvalidParameterError

CASES = {
    0: "the pretrained network as it is",
    1: "deep features and a shallow head",
    2: "fine-tune the last two layers",
    3: "fine-tune everything",
    4: "train from scratch",
}


def cases_of(task: Task) -> tuple[int, ...]:
    """List the cases that can do a task: a pretrained network's outputs are no numbers.

    Examples
    --------
    >>> cases_of("regression")
    (1, 2, 3, 4)
    """
    return tuple(case for case in CASES if case or task != "regression")


# Where case 1 is cut that selects features from all the layers.
ALL_LAYERS = "all layers"
# Where each of the layers has its say.
ENSEMBLE = "ensemble"


def check_case(case: object) -> None:
    """Raise `InvalidParameterError` unless `case` is a whole number from 0 to 4."""
    if not is_count(case, minimum=0) or case not in CASES:
        names = "; ".join(f"{number}: {what}" for number, what in CASES.items())
        raise InvalidParameterError(describe("case", case, f"0 to 4 ({names})"))


def case_title(case: int) -> str:
    """Name a case with what it does: ``case 3: fine-tune everything``."""
    return f"case {case}: {CASES[case]}"
