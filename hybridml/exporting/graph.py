"""An ONNX graph that is written node by node, or taken in from other graphs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._optional import require
from hybridml.exceptions import ModelError

OPSET, ML_OPSET, IR_VERSION = 18, 3, 10
_ML = "ai.onnx.ml"
_WHY = "A model as ONNX"


def onnx() -> Any:
    """Import the package onnx, or say how to install it."""
    return require("onnx", extra="onnx", why=_WHY)


def onnxruntime() -> Any:
    """Import the package onnxruntime, or say how to install it."""
    return require("onnxruntime", extra="onnx", why=_WHY)


class Graph:
    """A graph to which values are added, each made of those before it.

    Attributes
    ----------
    inputs, outputs : list of str
        Names.
    """

    def __init__(self) -> None:
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self._input_infos: list[Any] = []
        self._output_infos: list[Any] = []
        self._nodes: list[Any] = []
        self._initializers: list[Any] = []
        self._n_names = 0

    def add_input(self, name: str, dtype: Any, shape: Sequence[int | str]) -> Value:
        """Add an input; names in the shape stand for any length."""
        info = self._info(name, dtype, shape)
        self._input_infos.append(info)
        self.inputs.append(name)
        return Value(self, name)

    def add_output(
        self, name: str, value: Value, dtype: Any, shape: Sequence[int | str]
    ) -> None:
        """Give a value out under a name."""
        self._nodes.append(onnx().helper.make_node("Identity", [value.name], [name]))
        self._output_infos.append(self._info(name, dtype, shape))
        self.outputs.append(name)

    def constant(self, values: Any) -> Value:
        """Put numbers or texts into the graph; Python's become int64 and float64."""
        name = self._new_name("constant")
        array = np.asarray(values)
        if array.dtype.kind in "UO":
            array = array.astype(object)
        self._initializers.append(onnx().numpy_helper.from_array(array, name))
        return Value(self, name)

    def op(self, kind: str, *inputs: Any, domain: str = "", **attributes: Any) -> Value:
        """Apply an operator with one output; inputs are values, or constants."""
        names = [self._as_value(given).name for given in inputs]
        output = self._new_name(kind.lower())
        node = onnx().helper.make_node(
            kind, names, [output], domain=domain, **attributes
        )
        self._nodes.append(node)
        return Value(self, output)

    def include(self, model: Any, inputs: Sequence[Value]) -> list[Value]:
        """Take in a whole model behind some values.

        Parameters
        ----------
        model : onnx.ModelProto
            Of the same operator set, or an older one.
        inputs : sequence of Value
            For its inputs, in order.

        Returns
        -------
        outputs : list of Value

        Raises
        ------
        ModelError
            If it is of a newer operator set, in which operators may mean other things.
        """
        found = {told.domain: told.version for told in model.opset_import}
        if found.get("", OPSET) > OPSET or found.get(_ML, ML_OPSET) > ML_OPSET:
            raise ModelError(
                f"{model.producer_name} {model.producer_version} has written operator "
                f"sets {found}; expected at most {OPSET}, and {ML_OPSET} of {_ML}. "
                "Another version of it may do as it is asked."
            )
        prefix = f"{self._new_name('part')}/"
        inliner = import_module(f"{onnx().__name__}.inliner")
        whole = inliner.inline_local_functions(model)
        part = onnx().compose.add_prefix(whole, prefix).graph
        for info, value in zip(part.input, inputs, strict=True):
            link = onnx().helper.make_node("Identity", [value.name], [info.name])
            self._nodes.append(link)
        self._nodes += part.node
        self._initializers += part.initializer
        return [Value(self, info.name) for info in part.output]

    def to_model(self, metadata: dict[str, str]) -> Any:
        """Make an `onnx.ModelProto` of it, checked for its form."""
        helper = onnx().helper
        graph = helper.make_graph(
            self._nodes,
            "hybridml",
            self._input_infos,
            self._output_infos,
            self._initializers,
        )
        domains = {node.domain for node in self._nodes}
        imported = [helper.make_opsetid("", OPSET)]
        if _ML in domains:
            imported.append(helper.make_opsetid(_ML, ML_OPSET))
        model = helper.make_model(
            graph,
            opset_imports=imported,
            ir_version=IR_VERSION,
            producer_name="hybridml",
        )
        helper.set_model_props(model, metadata)
        onnx().checker.check_model(model)
        return model

    def _as_value(self, given: Any) -> Value:
        return given if isinstance(given, Value) else self.constant(given)

    def _new_name(self, kind: str) -> str:
        self._n_names += 1
        return f"{kind}_{self._n_names}"

    def _info(self, name: str, dtype: Any, shape: Sequence[int | str]) -> Any:
        helper = onnx().helper
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return helper.make_tensor_value_info(name, kind, list(shape))


class Value:
    """A tensor of a graph, with which one can calculate.

    Operators and constants have to be of one type: ONNX converts nothing by itself.
    """

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name

    def op(self, kind: str, *others: Any, **attributes: Any) -> Value:
        """Apply an operator to it, and to others behind it."""
        return self.graph.op(kind, self, *others, **attributes)

    def __add__(self, other: Any) -> Value:
        return self.op("Add", other)

    def __sub__(self, other: Any) -> Value:
        return self.op("Sub", other)

    def __mul__(self, other: Any) -> Value:
        return self.op("Mul", other)

    def __truediv__(self, other: Any) -> Value:
        return self.op("Div", other)

    def __matmul__(self, other: Any) -> Value:
        return self.op("MatMul", other)

    def __lt__(self, other: Any) -> Value:
        return self.op("Less", other)

    def __gt__(self, other: Any) -> Value:
        return self.op("Greater", other)

    def __and__(self, other: Any) -> Value:
        return self.op("And", other)

    def __neg__(self) -> Value:
        return self.op("Neg")

    def cast(self, dtype: npt.DTypeLike) -> Value:
        """Convert to another type."""
        kind = onnx().helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.op("Cast", to=kind)

    def take(self, positions: Any, axis: int = 0) -> Value:
        """Take entries by position; a single number drops the axis."""
        return self.op("Gather", positions, axis=axis)

    def reshape(self, *shape: int) -> Value:
        """Give it another shape; -1 stands for what is left."""
        return self.op("Reshape", np.array(shape, dtype=np.int64))

    def transpose(self, *axes: int) -> Value:
        """Put its axes into another order."""
        return self.op("Transpose", perm=list(axes))

    def sum(self, axis: int) -> Value:
        """Sum over an axis, which is kept with a length of 1."""
        return self.op("ReduceSum", np.array([axis]), keepdims=1)

    def clip(self, low: float, high: float) -> Value:
        """Bring float64 numbers between two bounds."""
        return self.op("Max", low).op("Min", high)


def concatenate(values: Sequence[Value], axis: int = 1) -> Value:
    """Put values side by side; there is at least one."""
    first, *others = values
    return first.op("Concat", *others, axis=axis) if others else first
