"""What the training loop has to know about a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class Trainable(nn.Module):
    """A network in two parts that learn at rates of their own.

    Subclasses set both attributes, and compute outputs of shape (n, n_outputs) in
    `forward`.

    Attributes
    ----------
    trunk : nn.Module
        Any part of it may be frozen.
    head : nn.Module
        With the parameters `weight` and `bias`, such as `nn.Linear`.
    """

    trunk: nn.Module
    head: nn.Module

    def run(self, inputs: Tensor, *, autocast: bool) -> Tensor:
        """Compute outputs in float32, by a pass in bfloat16 or in float32."""
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=autocast):
            outputs: Tensor = self(inputs if autocast else inputs.float())
        return outputs.float()

    def prepare_to_train(self, *, batch_norm_learns: bool) -> None:
        """Switch to training mode, pretrained batch norms excepted."""
        self.train()
        if not batch_norm_learns:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
