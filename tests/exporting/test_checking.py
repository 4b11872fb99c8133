"""A graph that onnxruntime cannot read is an error that names versions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridml.exceptions import ModelError
from hybridml.exporting.checking import Rows, compare
from hybridml.exporting.graph import Graph, onnxruntime
from tests.exporting.running import features_input


@pytest.mark.parametrize("newer", ["IR version", "operator set"])
def test_graph_that_onnxruntime_is_too_old_for_is_refused(newer: str) -> None:
    model = _identity()
    if newer == "IR version":
        model.ir_version = 99
    else:
        model.opset_import[0].version = 999
    rows = Rows(np.eye(2), {"features": (None, None)})
    message = (
        rf"^onnxruntime {onnxruntime().__version__} cannot read the graph, which is of "
        r"operator set 18, ai\.onnx\.ml 3 and IR version 10: .*99.*Nothing was "
        r"written\. Run: pip install --upgrade onnxruntime$"
    )
    with pytest.raises(ModelError, match=message):
        compare(model.SerializeToString(), rows, {"numbers": np.eye(2)}, 1e-4)


def _identity() -> Any:
    graph = Graph()
    values = features_input(graph, 2)
    graph.add_output("numbers", values, np.float64, ["n", 2])
    return graph.to_model({})
