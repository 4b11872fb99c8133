"""What is wrong with the parameters of an engine is said before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from hybridml.comparing.engine import Engine, check_engine
from hybridml.exceptions import InvalidParameterError, UnknownNameError

FINE = {"engine": "ray", "address": None, "cpus_per_worker": 1, "gpus_per_worker": 0}


def test_parameters_become_an_engine() -> None:
    found = check_engine("compare", **{**FINE, "address": "head:6379"})
    assert found == Engine("ray", "head:6379", 1, 0)


def test_unknown_engine_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"Got engine='rya'.*Did you mean 'ray'"):
        check_engine("compare", **{**FINE, "engine": "rya"})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"address": 6379}, "address=6379"),
        ({"engine": "local", "address": "head:6379"}, "with engine='ray'"),
        ({"cpus_per_worker": 0}, "cpus_per_worker=0"),
        ({"gpus_per_worker": -1}, "gpus_per_worker=-1"),
        ({"engine": "local", "gpus_per_worker": 1}, "0 with engine='local'"),
    ],
)
def test_wrong_parameter_is_named(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidParameterError, match=told):
        check_engine("compare", **{**FINE, **wrong})
