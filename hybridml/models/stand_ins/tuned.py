"""Fine-tuned networks: the backbone's name, and weights in safetensors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from safetensors.torch import load, save

from hybridml.exceptions import ModelError
from hybridml.finetune.tuned_network import TunedNetwork
from hybridml.models.stand_ins.stand_in import StandIn


@dataclass
class Tuned(StandIn):
    """A tuned network as a file and a description.

    Attributes
    ----------
    description : dict
    file : str
    """

    description: dict[str, Any]
    file: str

    @classmethod
    def of(cls, network: TunedNetwork, files: MutableMapping[str, bytes]) -> Tuned:
        """Write a network's weights among the model's files.

        Raises
        ------
        ModelError
            If it is a network of one's own, which has no name to build it by.
        """
        description = network.description()
        if not isinstance(description["backbone"], str):
            kind = type(description["backbone"]).__name__
            raise ModelError(
                f"Got a network of class {kind} as backbone; expected one by name, "
                "which can be built without saved code. Register it with "
                "register_backbone, or pickle the estimator."
            )
        weights = save(network.tensors())
        name = f"tuned-{hashlib.sha256(weights).hexdigest()[:16]}.safetensors"
        files[name] = weights
        return cls(description, name)

    @staticmethod
    def suits(value: Any) -> bool:
        """Whether something is a tuned network."""
        return isinstance(value, TunedNetwork)

    def restore(self, files: Mapping[str, bytes]) -> TunedNetwork:
        """Build the network and put its weights in."""
        return TunedNetwork.restore(self.description, load(files[self.file]))
