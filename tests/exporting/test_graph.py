"""What is taken into a graph has to mean the same there."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.exceptions import ModelError
from hybridml.exporting.graph import Graph
from tests.exporting.running import features_input


def test_part_of_a_newer_operator_set_is_refused() -> None:
    part = Graph()
    part.add_output("numbers", features_input(part, 2), np.float64, ["n", 2])
    model = part.to_model({})
    model.opset_import[0].version = 21
    graph = Graph()
    values = features_input(graph, 2)
    with pytest.raises(
        ModelError, match=r"^hybridml .* sets .*21.*; expected at most 18"
    ):
        graph.include(model, [values])
