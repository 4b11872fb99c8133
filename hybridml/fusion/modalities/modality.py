"""What the user calls a modality, and what is wrong with a list of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from hybridml._checks import describe, did_you_mean, list_names
from hybridml.exceptions import InvalidParameterError
from hybridml.fusion.modalities.kinds import Kind

_EXPECTED = "a list of (name, encoder, columns), one for each modality"


@dataclass(frozen=True)
class Modality:
    """One of the things that are known of each row.

    Attributes
    ----------
    name : str
    encoder : str, transformer or predictor
        One of `Kind`, or an estimator.
    columns : str, int, slice, callable, or list of str, int or bool
        Where it stands, as in scikit-learn's `ColumnTransformer`: a single name gives
        the encoder a Series, a list of them a DataFrame.
    """

    name: str
    encoder: Any
    columns: Any


def check_modalities(
    modalities: Any, *, owner: str, may_predict: bool = False
) -> list[Modality]:
    """Check what an estimator was given as its modalities.

    Parameters
    ----------
    modalities : sequence of (name, encoder, columns)
    owner : str
        Name of the estimator, for messages.
    may_predict : bool, default=False
        Whether an encoder may be a classifier or a regressor.

    Returns
    -------
    modalities : list of Modality

    Raises
    ------
    InvalidParameterError
        If something of it is wrong; the message names all that is.

    Examples
    --------
    >>> found = check_modalities([("photo", "image", "path")], owner="Fusion")
    >>> found[0].columns
    'path'
    """
    if isinstance(modalities, str) or not isinstance(modalities, Sequence):
        raise InvalidParameterError(
            f"{owner}: {describe('modalities', modalities, _EXPECTED)}"
        )
    problems = [_problem_with(item, may_predict) for item in modalities]
    found = [problem for problem in problems if problem]
    if not modalities:
        found.append(describe("modalities", modalities, f"{_EXPECTED}, not none"))
    if not found:
        counts = Counter(name for name, _, _ in modalities)
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            found.append(f"More than one modality is called {list_names(twice)}.")
    if found:
        raise InvalidParameterError(f"{owner}: {' '.join(found)}")
    return [Modality(*item) for item in modalities]


def _problem_with(item: Any, may_predict: bool) -> str:
    if not isinstance(item, Sequence) or isinstance(item, str) or len(item) != 3:
        return describe("modality", item, "a tuple (name, encoder, columns)")
    name, encoder, _ = item
    if not isinstance(name, str) or not name or "__" in name:
        return describe("modality name", name, "text without '__'")
    if isinstance(encoder, str):
        kinds = get_args(Kind)
        if encoder in kinds:
            return ""
        expected = f"{list_names(kinds)}, or an estimator"
        cure = did_you_mean(encoder, kinds)
        return describe(f"the encoder of {name!r}", encoder, expected, cure)
    return _problem_with_estimator(name, encoder, may_predict)


def _problem_with_estimator(name: str, encoder: Any, may_predict: bool) -> str:
    is_instance = not isinstance(encoder, type) and hasattr(encoder, "fit")
    transforms = is_instance and hasattr(encoder, "transform")
    if transforms or (is_instance and may_predict and hasattr(encoder, "predict")):
        return ""
    expected = "one with fit and transform"
    if may_predict:
        expected += ", or fit and predict"
    cure = ""
    if is_instance and hasattr(encoder, "predict"):
        cure = "Pass what comes before the predictor; LateFusion takes predictors."
    return describe(f"the encoder of {name!r}", encoder, expected, cure)
