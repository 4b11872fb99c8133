"""Simple ways to choose a case, which advice has to beat."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from advisor.solving import ALL, ENSEMBLE, LAST, ONE, THREE, TWO

SMALL, LARGE = 80, 1000  # images a class: fewer than, and from
_AS_CLASSES = 2  # a regression's images are counted as if of so many classes


def always(case: str, task: Any) -> str:
    """Choose the same case whatever the task."""
    del task
    return case


def by_table(task: Any) -> str:
    """Choose by size and similarity alone, as courses teach it.

    Small and similar: the last layer's features; medium and similar: fine-tune the last
    layers; small and dissimilar: earlier layers' features; else fine-tune everything.
    How many images are few is not said there: here fewer than 80 a class.

    Parameters
    ----------
    task : Series
        With n_train, n_classes and is_similar.

    References
    ----------
    A. Karpathy et al., "Transfer Learning", notes of the course CS231n, Stanford (when
    and how to fine-tune).
    """
    of_each = task["n_train"] / (task["n_classes"] or _AS_CLASSES)
    if of_each < SMALL:
        return LAST if task["is_similar"] else ONE
    return TWO if task["is_similar"] and of_each < LARGE else THREE


# What advice and LogME choose is written into the results, by `advisor.advised`.
FOLLOWED = (ADVISED, LOGME) = ("advised", "logme")

POLICIES: dict[str, Callable[[Any], str]] = {
    "advise_transfer_case": partial(always, ADVISED),
    "best LogME": partial(always, LOGME),
    **{
        f"always {case}": partial(always, case)
        for case in (ONE, LAST, ALL, ENSEMBLE, TWO, THREE)
    },
    "size and similarity": by_table,
}
