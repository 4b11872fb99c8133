"""Small torch modules of the fusion networks: attributes and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.fx import GraphModule

from hybridml.exceptions import ModelError
from hybridml.models.stand_ins.stand_in import StandIn

Arrays = dict[str, npt.NDArray[Any]]

_OF_ANY = frozenset(vars(nn.Module()))


@dataclass
class Module(StandIn):
    """A module in evaluation mode that learns no more.

    Attributes
    ----------
    kind : type
    attributes : dict
        But for those that any module has.
    parameters, buffers : dict of {str: ndarray}
        Its own, without those of its children.
    children : dict of {str: nn.Module or None}
    """

    kind: type[nn.Module]
    attributes: dict[str, Any]
    parameters: Arrays
    buffers: Arrays
    children: dict[str, Any]

    @classmethod
    def of(cls, module: nn.Module) -> Module:
        """Take a module apart.

        Raises
        ------
        ModelError
            If it is a traced part of a network, which is code.
        """
        if isinstance(module, GraphModule):
            raise ModelError(
                "The estimator holds a part of a network that learned along "
                "(trainable=...), which cannot be saved without code yet. Pickle it, "
                "or fit with trainable='head'."
            )
        own = {name: v for name, v in vars(module).items() if name not in _OF_ANY}
        return cls(
            type(module),
            own,
            _arrays(module._parameters),
            _arrays(module._buffers),
            dict(module._modules),
        )

    @staticmethod
    def suits(value: Any) -> bool:
        """Whether something is a module."""
        return isinstance(value, nn.Module)

    def restore(self, files: Mapping[str, bytes]) -> nn.Module:
        """Put the module together."""
        module: nn.Module = self.kind.__new__(self.kind)
        nn.Module.__init__(module)
        module.__dict__.update(self.attributes)
        for name, values in self.parameters.items():
            fixed = nn.Parameter(torch.from_numpy(values), requires_grad=False)
            module.register_parameter(name, fixed)
        for name, values in self.buffers.items():
            module.register_buffer(name, torch.from_numpy(values))
        for name, child in self.children.items():
            module.add_module(name, child)
        module.training = False
        return module


def _arrays(tensors: Mapping[str, Tensor | None]) -> Arrays:
    return {
        name: np.ascontiguousarray(tensor.detach().cpu().numpy())
        for name, tensor in tensors.items()
        if tensor is not None
    }
