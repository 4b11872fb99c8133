"""XGBoost's trees."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.exceptions import ModelError
from hybridml.exporting.graph import Value
from hybridml.exporting.said import Said, both_classes

_ML = "ai.onnx.ml"
_LINKS = ("binary:logistic", "multi:softprob", "reg:squarederror")


def say_xgboost_classes(estimator: Any, features: Value) -> Said:
    """Classify as `hybridml.XGBoostClassifier`."""
    margins = _margins(estimator, features)
    if len(estimator.classes_) == 2:
        return Said(estimator.classes_, both_classes(margins.op("Sigmoid")))
    return Said(estimator.classes_, margins.op("Softmax", axis=1))


def say_xgboost_numbers(estimator: Any, features: Value) -> Said:
    """Predict numbers as `hybridml.XGBoostRegressor`."""
    return Said(numbers=_margins(estimator, features))


def _margins(estimator: Any, features: Value) -> Value:
    learner = json.loads(estimator.model_.get_booster().save_raw("json"))["learner"]
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]
    if objective not in _LINKS or booster["name"] != "gbtree":
        raise ModelError(
            f"XGBoost's objective={objective!r} with booster={booster['name']!r} "
            f"cannot be exported; expected 'gbtree' and one of {', '.join(_LINKS)}."
        )
    model = booster["model"]
    groups: list[int] = model["tree_info"]
    n_outputs = max(groups) + 1
    sums = features.cast(np.float32).op(
        "TreeEnsembleRegressor",
        domain=_ML,
        n_targets=n_outputs,
        **_nodes(model["trees"]),
        **_leaves(model["trees"], groups),
    )
    return sums.cast(np.float64) + _base(learner, n_outputs, objective)


def _base(
    learner: dict[str, Any], n_outputs: int, objective: str
) -> npt.NDArray[np.float64]:
    text = learner["learner_model_param"]["base_score"]  # "5E-1", since 3.1 in brackets
    score = np.array([float(part) for part in text.strip("[]").split(",")])
    if objective == "binary:logistic":
        score = np.log(score / (1 - score))
    return np.broadcast_to(score, (1, n_outputs)).copy()


def _nodes(trees: list[dict[str, Any]]) -> dict[str, Any]:
    left, right, default = (
        np.concatenate([tree[name] for tree in trees]).astype(np.int64)
        for name in ("left_children", "right_children", "default_left")
    )
    is_leaf = left < 0
    conditions = np.concatenate([tree["split_conditions"] for tree in trees])
    indices = np.concatenate([tree["split_indices"] for tree in trees])
    trees_of, places = _places(trees)
    return {
        "nodes_treeids": trees_of,
        "nodes_nodeids": places,
        "nodes_modes": np.where(is_leaf, "LEAF", "BRANCH_LT").tolist(),
        "nodes_featureids": np.where(is_leaf, 0, indices).tolist(),
        "nodes_values": np.where(is_leaf, 0.0, conditions).tolist(),
        "nodes_truenodeids": np.where(is_leaf, 0, left).tolist(),
        "nodes_falsenodeids": np.where(is_leaf, 0, right).tolist(),
        "nodes_missing_value_tracks_true": np.where(is_leaf, 0, default).tolist(),
    }


def _leaves(trees: list[dict[str, Any]], groups: list[int]) -> dict[str, Any]:
    trees_of, places = map(np.array, _places(trees))
    is_leaf = np.concatenate([tree["left_children"] for tree in trees]) < 0
    values = np.concatenate([tree["split_conditions"] for tree in trees])
    return {
        "target_treeids": trees_of[is_leaf].tolist(),
        "target_nodeids": places[is_leaf].tolist(),
        "target_ids": np.array(groups)[trees_of[is_leaf]].tolist(),
        "target_weights": values[is_leaf].tolist(),
    }


def _places(trees: list[dict[str, Any]]) -> tuple[list[int], list[int]]:
    """Give the tree of each node, and its place in there."""
    sizes = [len(tree["left_children"]) for tree in trees]
    trees_of = np.repeat(np.arange(len(trees)), sizes)
    places = np.concatenate([np.arange(size) for size in sizes])
    return trees_of.tolist(), places.tolist()
