"""What will be compared: the contenders, checked before any of them runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from hybridml._checks import check_name, describe, list_names
from hybridml.comparing.tasks import Task
from hybridml.exceptions import InvalidParameterError
from hybridml.fusion.comparing.candidate import FusionCandidate
from hybridml.fusion.comparing.options import KINDS, METHODS, FusionOptions
from hybridml.fusion.late.estimator import COMBINATIONS, NUMBER_COMBINATIONS
from hybridml.fusion.late.member import is_predictor
from hybridml.heads.catalogue import get_head

_MOST_ROWS_RBF = 3000  # its time grows with their square


def plan_candidates(
    options: FusionOptions,
    *,
    n_rows: int,
    kinds: str | Sequence[str],
    heads: str | Sequence[str] | None,
    combinations: str | Sequence[str],
    methods: str | Sequence[str],
) -> list[FusionCandidate]:
    """List the baseline, each modality alone, then the ways of fusing.

    Parameters
    ----------
    options : FusionOptions
    n_rows : int
        Of many rows the heads by default leave out "rbf_svm".
    kinds, heads, combinations, methods : str or sequence of str
        See `compare_fusion`.

    Raises
    ------
    InvalidParameterError, UnknownHeadError
        If there is no such kind, head, combination or method, or none at all, or a
        modality is predicted by itself where an encoder is needed.
    """
    wanted = _several("kinds", kinds, KINDS)
    known = NUMBER_COMBINATIONS if options.task == "regression" else COMBINATIONS
    variants = {
        "early": _heads(heads, options.task, n_rows),
        "late": _several("combinations", combinations, known),
        "intermediate": _several("methods", methods, METHODS),
    }
    _check_encoders(options, wanted)
    alone = [("alone", one.name) for one in options.modalities]
    fused = [(kind, variant) for kind in wanted for variant in variants[kind]]
    return [
        FusionCandidate(kind, variant, options)
        for kind, variant in [("baseline", ""), *alone, *fused]
    ]


def _heads(heads: Any, task: Task, n_rows: int) -> list[str]:
    if heads is None:
        linear = "ridge" if task == "regression" else "logistic"
        return [linear, "rbf_svm"] if n_rows <= _MOST_ROWS_RBF else [linear]
    named = _several("heads", heads)
    for name in named:
        get_head(name, task)
    return named


def _check_encoders(options: FusionOptions, kinds: Collection[str]) -> None:
    """Let no predictor stand where features are fused."""
    predictors = [m.name for m in options.modalities if is_predictor(m.encoder)]
    others = [kind for kind in kinds if kind != "late"]
    if predictors and others:
        expected = f"['late'], since {list_names(predictors)} is predicted by itself"
        cure = "Only an encoder gives features to fuse."
        raise InvalidParameterError(describe("kinds", list(kinds), expected, cure))


def _several(name: str, given: Any, known: Collection[str] = ()) -> list[str]:
    """List what is asked for, each once; all of it has to be known."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        given = [given]
    listed = list(dict.fromkeys(given))
    if not listed:
        raise InvalidParameterError(describe(name, given, "at least one to compare"))
    for one in listed if known else []:
        check_name(name, one, known, expected=f"of {list_names(known)}")
    return listed
