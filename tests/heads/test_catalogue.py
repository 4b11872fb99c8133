"""Heads are found by name; a wrong name is answered with the nearest one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hybridml.exceptions import InvalidParameterError, UnknownHeadError
from hybridml.heads import default_heads, get_head, list_heads
from hybridml.heads.catalogue import HEADS


def test_list_heads_is_sorted_and_complete() -> None:
    assert list_heads() == sorted(head.name for head in HEADS)
    assert len(set(list_heads())) == len(HEADS)


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_list_heads_lists_those_that_can_do_the_task(task: str) -> None:
    for spec in HEADS:
        assert (spec.name in list_heads(task)) == (task in spec.tasks)


def test_logistic_is_no_regressor() -> None:
    assert "logistic" in list_heads("classification")
    with pytest.raises(UnknownHeadError, match=r"Got head='logistic'; .*regression"):
        get_head("logistic", "regression")


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_default_heads_can_do_their_task(task: str) -> None:
    assert set(default_heads(task)) <= set(list_heads(task))


def test_what_classifies_tells_labels_too() -> None:
    assert list_heads("multilabel") == list_heads("classification")


def test_unknown_head_suggests_the_nearest() -> None:
    with pytest.raises(UnknownHeadError, match="Did you mean 'linear_svm'"):
        get_head("lienar_svm")


def test_unknown_task_suggests_the_nearest() -> None:
    with pytest.raises(InvalidParameterError, match="Did you mean 'regression'"):
        list_heads("regresion")
    with pytest.raises(InvalidParameterError, match="Did you mean 'multilabel'"):
        default_heads("multi_label")


@pytest.mark.parametrize("spec", HEADS, ids=lambda spec: spec.name)
def test_every_grid_names_parameters_of_the_estimators(spec) -> None:
    for task in spec.tasks:
        assert set(spec.grid) <= set(spec.make(task).get_params())
    assert all(2 <= len(values) <= 4 for values in spec.grid.values())


@pytest.mark.parametrize("spec", HEADS, ids=lambda spec: spec.name)
def test_gives_probabilities_is_declared_truly(spec) -> None:
    estimator = (
        spec.build["classification"]() if "classification" in spec.tasks else None
    )
    assert estimator is None or spec.gives_probabilities == hasattr(
        estimator, "predict_proba"
    )


def test_importing_heads_loads_neither_torch_nor_xgboost() -> None:
    code = (
        "import sys; from hybridml.heads import make_head, XGBoostClassifier;"
        "make_head('linear_svm');"
        "found = {'torch', 'xgboost', 'mlflow'} & set(sys.modules);"
        "assert not found, found"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
