"""How a search, its candidates and its outcome are put in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

_TAGS = ("backbone", "case", "cut_layer", "head", "modality")
_PLAIN = (str, int, list, tuple, np.generic)
_N_SHOWN = 20
_MAX_CHARACTERS = 200
_REPR_CHARACTERS = 3000


def text_of(value: Any) -> str:
    """Write a parameter's value on one short line.

    Examples
    --------
    >>> text_of("layer3"), text_of(0.1), text_of(["layer2", "layer3"])
    ('layer3', '0.1', "['layer2', 'layer3']")
    """
    if isinstance(value, np.generic):
        value = value.item()
    text = " ".join(str(value).split())
    if len(text) <= _MAX_CHARACTERS:
        return text
    return f"{text[: _MAX_CHARACTERS - 1]}…"


def name_of(estimator: Any) -> str:
    """Name an estimator by its class, a pipeline by those of all its steps.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> name_of(make_pipeline(StandardScaler(), "passthrough"))
    'StandardScaler, passthrough'
    """
    if not hasattr(estimator, "steps"):
        return type(estimator).__name__
    parts = [step for _, step in estimator.steps]
    return ", ".join(p if isinstance(p, str) else name_of(p) for p in parts)


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Shorten names of parameters to their last part, where that tells them apart.

    Examples
    --------
    >>> short_names(["extract__cut_layer", "head__C"])
    {'extract__cut_layer': 'cut_layer', 'head__C': 'C'}
    >>> short_names(["a__C", "b__C"])
    {'a__C': 'a__C', 'b__C': 'b__C'}
    """
    last = {name: name.rpartition("__")[2] for name in names}
    parts = list(last.values())
    return {n: part if parts.count(part) == 1 else n for n, part in last.items()}


def word_params(params: Mapping[str, str]) -> str:
    """Write parameters down: ``cut_layer=layer3, C=0.1``."""
    short = short_names(params)
    return ", ".join(f"{short[name]}={value}" for name, value in params.items())


def tags_of(params: Mapping[str, Any]) -> dict[str, str]:
    """Make the tags by which runs are found, from parameters by their last names.

    Of two that end alike the outer one counts. Estimators are told by their class,
    pipelines by that of their last step; other objects make no tags.

    Examples
    --------
    >>> tags_of({"extract__cut_layer": "layer3", "head__C": 0.1})
    {'hybridml.cut_layer': 'layer3'}
    """
    by_depth = sorted(params, key=lambda name: name.count("__"), reverse=True)
    told = {name: _tag_of(params[name]) for name in by_depth}
    return {
        f"hybridml.{last}": text
        for name, text in told.items()
        if (last := name.rpartition("__")[2]) in _TAGS and text
    }


def word_winner(title: str, summary: Mapping[str, float]) -> str:
    """Say which candidate won, with what score and how much its folds differ."""
    if "score" not in summary:
        return f"{title} wins."
    return f"{title} wins with {summary['score']:.3f} ± {summary['score_std']:.3f}."


def word_note(
    verdict: str, table: pd.DataFrame, search: Any, surroundings: Mapping[str, str]
) -> str:
    """Word the outcome in markdown, for the run's page.

    Parameters
    ----------
    verdict : str
    table : DataFrame
        A row a candidate, the best first.
    search : BaseSearchCV
    surroundings : mapping of {str: str}
        Such as the versions of packages.
    """
    shown = table.head(_N_SHOWN)
    header, rule = " | ".join(shown.columns), " | ".join("---" for _ in shown.columns)
    rows = [" | ".join(map(_cell, row)) for row in shown.to_numpy(dtype=object)]
    lines = "\n".join(f"| {line} |" for line in (header, rule, *rows))
    left = len(table) - len(shown)
    more = f"\n{left} more are in cv_results.csv.\n" if left else ""
    code = f"```python\n{search.__repr__(N_CHAR_MAX=_REPR_CHARACTERS)}.fit(X, y)\n```"
    where = ", ".join(f"{name} {value}" for name, value in surroundings.items())
    said = f"**{verdict}**\n\n" if verdict else ""
    return f"{said}{lines}\n{more}\nTo reproduce it:\n\n{code}\n\n{where}\n"


def _tag_of(value: Any) -> str:
    if hasattr(value, "get_params"):
        return name_of(value).split(", ")[-1]
    return text_of(value) if isinstance(value, _PLAIN) else ""


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")
    return "" if pd.isna(value) else f"{value:.3f}"
