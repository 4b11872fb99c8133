"""Graphs for tests: of features alone, and run at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.exporting.graph import Graph, Value, onnxruntime


def features_input(graph: Graph, n_features: int) -> Value:
    return graph.add_input("features", np.float64, ["n", n_features])


def run(
    graph: Graph, value: Value, dtype: Any, *, n_axes: int = 2, **feeds: Any
) -> npt.NDArray[Any]:
    """Compute a value of a graph."""
    (found,) = session_of(graph, value, dtype, n_axes).run(["found"], feeds)
    return np.asarray(found)


def session_of(graph: Graph, value: Value, dtype: Any, n_axes: int) -> Any:
    """Make ready what computes a value of a graph, as "found"."""
    graph.add_output("found", value, dtype, [f"side{i}" for i in range(n_axes)])
    model = graph.to_model({}).SerializeToString()
    return onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])
