"""What fusing gains is worded as sure as it is."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from hybridml.fusion.comparing.gain import word_gain

SCORES = {"late fusion (mean)": 0.9, "photo alone": 0.8}


def _gain(**changed: Any) -> pd.Series:
    given = {
        "fusion": "late fusion (mean)",
        "alone": "photo alone",
        "difference": 0.1,
        "low": 0.05,
        "high": 0.15,
        "p_value": 0.01,
    }
    return pd.Series({**given, **changed}, dtype=object)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {},
            "The best fusion gains 0.100 (+0.050 to +0.150) over the best single "
            "modality, photo alone with 0.800, beyond chance.",
        ),
        (
            {"p_value": 0.2},
            "The best fusion gains 0.100 (+0.050 to +0.150) over the best single "
            "modality, photo alone with 0.800; that may be chance (p = 0.2 for the "
            "best of all fusions).",
        ),
        (
            {"low": math.nan, "high": math.nan, "p_value": math.nan},
            "The best fusion gains 0.100 over the best single modality, photo alone "
            "with 0.800; that may be chance.",
        ),
        (
            {"difference": -0.1},
            "Fusion gains nothing over the best single modality (photo alone with "
            "0.800); the best is late fusion (mean) with 0.900.",
        ),
    ],
)
def test_gain_is_worded(changed: dict[str, Any], said: str) -> None:
    assert word_gain(_gain(**changed), SCORES) == said


def test_unknown_gain_is_not_worded() -> None:
    assert word_gain(pd.Series(dtype=object), SCORES) == ""
