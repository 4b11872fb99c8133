"""What will be compared: the candidates, checked before any of them runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from hybridml._checks import describe
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import InvalidParameterError
from hybridml.features.choosing import open_store
from hybridml.transfer.cases.catalogue import ALL_LAYERS, ENSEMBLE, cases_of, check_case
from hybridml.transfer.cases.making import CaseOptions, check_options
from hybridml.transfer.comparing.candidate import Candidate


def plan_candidates(
    backbones: str | Sequence[str],
    cases: int | Sequence[int] | None,
    common: CaseOptions,
    *,
    all_layers: bool = False,
    scratch_backbone: str | None = None,
    scratch_image_size: int | None = None,
) -> list[Candidate]:
    """List the baseline, then each case of each backbone once.

    A scratch backbone of its own comes last.

    Parameters
    ----------
    backbones : str or sequence of str
    cases : int, sequence of int or None
        None is all that the task has.
    common : CaseOptions
        What the candidates have in common.
    all_layers : bool, default=False
        Whether case 1 comes twice more: with features selected from all the layers,
        and with each of them having its say.
    scratch_backbone : str or None
        What case 4 trains; None for each of the backbones.
    scratch_image_size : int or None
        Input size of `scratch_backbone`.

    Raises
    ------
    InvalidParameterError, UnknownBackboneError
        If there is no such case or backbone, or none at all.
    """
    numbers = _several("cases", cases_of(common.task) if cases is None else cases)
    names = _several("backbones", backbones)
    for case in numbers:
        check_case(case)
    for name in [*names, *([scratch_backbone] if scratch_backbone is not None else [])]:
        get_backbone(name)
    found = [Candidate(None, common)]
    for name in names:
        options = replace(common, backbone=name)
        for case in numbers:
            if case != 4 or scratch_backbone is None:
                found.append(Candidate(int(case), options))
            if case == 1 and all_layers:
                ensemble = replace(options, cut_layer=ENSEMBLE)
                found.append(Candidate(1, options, ALL_LAYERS))
                found.append(Candidate(1, ensemble, ENSEMBLE))
    if 4 in numbers and scratch_backbone is not None:
        options = replace(
            common, backbone=scratch_backbone, image_size=scratch_image_size
        )
        found.append(Candidate(4, options))
    return found


def check_candidates(
    candidates: Sequence[Candidate], images: npt.NDArray[Any], targets: npt.NDArray[Any]
) -> None:
    """Find what is wrong with any candidate's options, before the first one runs."""
    for candidate in candidates:
        if candidate.case is not None:
            open_store(candidate.options.store)
            check_options(candidate.case, candidate.options, images, targets)


def _several(name: str, given: Any) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        given = [given]
    listed = list(dict.fromkeys(given))
    if not listed:
        raise InvalidParameterError(describe(name, given, "at least one to compare"))
    return listed
