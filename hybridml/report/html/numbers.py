"""Numbers as people read them: few digits, a unit that fits, a true minus."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

NOTHING = "\N{EN DASH}"


def is_known(value: Any) -> bool:
    """Whether a cell holds anything at all.

    Examples
    --------
    >>> is_known(0.0), is_known(float("nan")), is_known(None), is_known(pd.NA)
    (True, False, False, False)
    """
    return not bool(pd.isna(value)) and value != ""


def score_text(value: Any) -> str:
    r"""Write a score with three decimals, or four digits where it is large.

    Examples
    --------
    >>> score_text(0.94321), score_text(12.3456), ascii(score_text(-0.5))
    ('0.943', '12.35', "'\\u22120.500'")
    """
    if not is_known(value) or not math.isfinite(value):
        return NOTHING
    shown = f"{value:.3f}" if abs(value) < 10 else f"{value:,.4g}"
    return shown.replace("-", "\N{MINUS SIGN}")


def share_text(value: Any) -> str:
    """Write a share in per cent.

    Examples
    --------
    >>> [share_text(value).split() for value in (0.934, 0.0004, 0.9999)]
    [['93', '%'], ['<1', '%'], ['>99', '%']]
    """
    if not is_known(value):
        return NOTHING
    if 0 < value < 0.005:
        return "<1\N{NO-BREAK SPACE}%"
    shown = ">99" if 0.995 <= value < 1 else f"{100 * value:.0f}"
    return f"{shown}\N{NO-BREAK SPACE}%"


def p_text(value: Any) -> str:
    """Write a p value.

    Examples
    --------
    >>> p_text(0.0312), p_text(0.00001)
    ('0.031', '<0.001')
    """
    if not is_known(value):
        return NOTHING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def digits_text(value: Any, unit: str = "") -> str:
    """Write a quantity with three digits.

    Examples
    --------
    >>> digits_text(0.012345), digits_text(1234.5, "MB").split()
    ('0.0123', ['1,234', 'MB'])
    """
    if not is_known(value) or not math.isfinite(value):
        return NOTHING
    shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{shown}\N{NO-BREAK SPACE}{unit}" if unit else shown


def seconds_text(value: Any) -> str:
    """Write a duration in the unit that fits.

    Examples
    --------
    >>> [seconds_text(value).split() for value in (0.5, 90, 7200)]
    [['0.5', 's'], ['1.5', 'min'], ['2', 'h']]
    """
    if not is_known(value):
        return NOTHING
    for size, unit in ((3600, "h"), (60, "min")):
        if value >= size:
            return digits_text(value / size, unit)
    return digits_text(value, "s")
