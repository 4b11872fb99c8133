"""Wrong lists of modalities are refused, by name."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import InvalidParameterError
from hybridml.fusion.modalities.modality import check_modalities


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("image", "expected a list of"),
        ([], "not none"),
        ([("a", "image")], "expected a tuple"),
        ([("a__b", "image", "x")], "without '__'"),
        ([("a", "imagee", "x")], "Did you mean 'image'"),
        ([("a", StandardScaler, "x")], "fit and transform"),
        ([("a", LogisticRegression(), "x")], "LateFusion takes predictors"),
        ([("a", "image", "x"), ("a", "text", "y")], "More than one .* 'a'"),
        ([("a", "imagee", "x"), ("b", 3, "y")], "'a'.*'b'"),
    ],
)
def test_wrong_modalities_are_named(given: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        check_modalities(given, owner="Fusion")


def test_a_predictor_is_a_modality_where_it_may_be() -> None:
    given = [("a", LogisticRegression(), ["x"])]
    assert check_modalities(given, owner="Late", may_predict=True)[0].name == "a"
