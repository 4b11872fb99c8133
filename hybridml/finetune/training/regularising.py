"""What holds weights back beside weight decay: their start, and zero."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class StartPenalty:
    """Pulls pretrained parameters back to where they started (L2-SP).

    The penalty ``strength / 2 * sum((parameter - start) ** 2)`` is added to the loss by
    way of its gradients, which costs one pass over the parameters and no graph. Like a
    part of the loss, it is to be added before gradients are clipped; an adaptive
    optimizer rescales it with the rest. As it replaces their weight decay, that of the
    trunk is best set to 0.

    Parameters
    ----------
    parameters : iterable of nn.Parameter
        On their device, with the values that they are pulled back to.
    strength : float

    References
    ----------
    X. Li, Y. Grandvalet, F. Davoine, "Explicit Inductive Bias for Transfer Learning
    with Convolutional Networks", ICML 2018, section 3 (L2-SP).

    Examples
    --------
    >>> weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> penalty = StartPenalty([weight], strength=0.5)
    >>> weight.data += 3
    >>> weight.grad = torch.zeros(2)
    >>> penalty.add_gradients()
    >>> weight.grad, penalty.value()
    (tensor([1.5000, 1.5000]), tensor(4.5000))
    """

    def __init__(self, parameters: Iterable[nn.Parameter], strength: float) -> None:
        self._parameters = list(parameters)
        self._strength = strength
        self._start = [p.detach().clone() for p in self._parameters]

    @torch.no_grad()
    def add_gradients(self) -> None:
        """Add the gradients of the penalty to those of the loss.

        Parameters without a gradient are left out: they do not learn, and have not left
        their start.
        """
        pairs = zip(self._parameters, self._start, strict=True)
        learning = [(p.grad, p, start) for p, start in pairs if p.grad is not None]
        if learning:
            gradients, values, starts = map(list, zip(*learning, strict=True))
            moved = torch._foreach_sub(values, starts)
            torch._foreach_add_(gradients, moved, alpha=self._strength)

    @torch.no_grad()
    def value(self) -> Tensor:
        """Compute the penalty itself, a scalar: for the record."""
        pairs = zip(self._parameters, self._start, strict=True)
        squares = [(p - start).square().sum() for p, start in pairs]
        return self._strength / 2 * sum(squares, torch.zeros(()))


@torch.no_grad()
def shrink_to_zero(
    optimizer: torch.optim.Optimizer, weight: nn.Parameter, strength: float
) -> None:
    """Shrink a weight towards zero by ``rate * strength``, and no further (L1).

    Called after each step of the optimizer, this makes it a proximal gradient method:
    entries that do not earn their place become exactly 0, where the gradient of the
    penalty, ``strength * sign(weight)``, would let them jump about it. With SGD it
    minimises the loss plus ``strength * sum(abs(weight))``; the rate is then that which
    a gradient moves the weight at in the long run, momentum included. With AdamW it
    stands beside the rescaled gradient, as its weight decay does, and needs a larger
    strength.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rate for this weight, at this step, is taken.
    weight : nn.Parameter
        Changed in place.
    strength : float

    Raises
    ------
    KeyError
        If the optimizer does not have the weight.

    References
    ----------
    N. Parikh, S. Boyd, "Proximal Algorithms", Foundations and Trends in Optimization
    1(3), 2014, sections 4.2 and 6.5.2 (proximal gradient, soft thresholding).
    """
    by = strength * _rate_of(optimizer, weight)
    weight.copy_(nn.functional.softshrink(weight, by))


def _rate_of(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> float:
    for group in optimizer.param_groups:
        if any(other is parameter for other in group["params"]):
            rate, momentum = float(group["lr"]), float(group.get("momentum", 0.0))
            return rate / (1 - momentum)
    raise KeyError("the optimizer does not have this parameter")
