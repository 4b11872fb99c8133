"""The moving average of a model's weights: often better than the last ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential moving average of what training changes in a model.

    These are the parameters that need a gradient when it is made, and all buffers;
    buffers of whole numbers (counters) are taken as they are. The decay warms up as
    ``min(decay, (1 + t) / (10 + t))`` with t updates so far, so that the start is
    forgotten soon.

    Parameters
    ----------
    model : nn.Module
        On its device.
    decay : float
        From 0 (the last weights) to below 1.

    References
    ----------
    B. T. Polyak, A. B. Juditsky, "Acceleration of Stochastic Approximation by
    Averaging", SIAM Journal on Control and Optimization 30(4), 1992.
    A. Tarvainen, H. Valpola, "Mean Teachers Are Better Role Models", NeurIPS 2017
    (an exponential average, slower as training goes on).

    Examples
    --------
    >>> model = nn.Linear(1, 1, bias=False)
    >>> model.weight.data.zero_()
    tensor([[0.]])
    >>> averaged = AveragedWeights(model, decay=0.5)
    >>> model.weight.data.fill_(1.0)
    tensor([[1.]])
    >>> averaged.update()
    >>> with averaged.swapped_in():
    ...     print(f"{model.weight.item():.1f}")
    0.9
    >>> model.weight.item()
    1.0
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._n_updates = 0
        learned = {n: p.data for n, p in model.named_parameters() if p.requires_grad}
        self._names = [*learned, *(name for name, _ in model.named_buffers())]
        self._model = model
        self._averages = [tensor.clone() for tensor in self._current()]

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights in, as they are after a step."""
        t = self._n_updates
        weight = 1 - min(self._decay, (1 + t) / (10 + t))
        pairs = list(zip(self._averages, self._current(), strict=True))
        floats = [pair for pair in pairs if pair[0].is_floating_point()]
        if floats:
            averages, current = map(list, zip(*floats, strict=True))
            torch._foreach_lerp_(averages, current, weight)
        for average, now in pairs:
            if not average.is_floating_point():
                average.copy_(now)
        self._n_updates += 1

    @contextmanager
    def swapped_in(self) -> Iterator[None]:
        """Give the model its averaged weights for a while."""
        kept = [tensor.clone() for tensor in self._current()]
        self._write(self._averages)
        try:
            yield
        finally:
            self._write(kept)

    def state_dict(self) -> dict[str, Any]:
        """Give the averages by name, and how many updates they are of."""
        averages = dict(zip(self._names, self._averages, strict=True))
        return {"n_updates": self._n_updates, "averages": averages}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the averages of an earlier run."""
        self._n_updates = state["n_updates"]
        for name, average in zip(self._names, self._averages, strict=True):
            average.copy_(state["averages"][name])

    def _current(self) -> list[Tensor]:
        tensors: dict[str, Tensor] = dict(self._model.named_parameters())
        tensors |= self._model.named_buffers()
        return [tensors[name].detach() for name in self._names]

    def _write(self, values: list[Tensor]) -> None:
        for own, value in zip(self._current(), values, strict=True):
            own.copy_(value)
