"""Which learning rate to take: a short run whose rate rises until the loss explodes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from hybridml.exceptions import DivergedError
from hybridml.report.rate_plot import plot_rates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = npt.NDArray[np.float64]

_EXPLODED = 4.0


@dataclass(frozen=True)
class RateCurve:
    """What a range test found.

    Attributes
    ----------
    rates : ndarray of shape (n_steps,), float64
        Of the trunk, ascending; parts of the network that learn faster did so here.
    losses : ndarray of shape (n_steps,), float64
        Of each step, before the network learned from it.
    smoothed : ndarray of shape (n_steps,), float64
    suggestion : float
        The rate at which the smoothed loss falls fastest, but for the first tenth of
        the steps: there batches differ more than the network learns.
    tenth_of_best : float
        A tenth of the rate with the least smoothed loss: the more careful choice where
        the fall is long, the bolder one where it is noisy.
    """

    rates: Curve
    losses: Curve
    smoothed: Curve
    suggestion: float
    tenth_of_best: float

    def plot(self) -> Figure:
        """Draw the curve, as a matplotlib figure that need not be closed."""
        return plot_rates(self.rates, self.losses, self.smoothed, self.suggestion)


def find_rate(
    step: Callable[[], float],
    optimizer: torch.optim.Optimizer,
    *,
    lowest: float = 1e-6,
    highest: float = 1.0,
    n_steps: int = 100,
    smoothing: float = 0.8,
) -> RateCurve:
    """Raise the learning rate step by step until the loss explodes.

    The network is trained by this: give it a copy.

    Parameters
    ----------
    step : callable
        Trains one batch, a new one each time, and returns its loss; must leave the
        rates alone (no schedule).
    optimizer : Optimizer
        All its rates are raised alike, in proportion to what they are planned to be.
    lowest, highest : float, default=1e-6 and 1
        Rates to begin and to end with, where the loss does not explode before: is no
        longer finite, or, smoothed, more than four times its least value and more than
        any loss in the first tenth of the steps.
    n_steps : int, default=100
    smoothing : float, default=0.8
        Weight of the past in the moving average of the losses.

    Returns
    -------
    curve : RateCurve

    Raises
    ------
    DivergedError
        If the loss is not finite at the very first rates.

    References
    ----------
    L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017,
    section 3.3 (the range test).
    """
    base = optimizer.defaults["lr"]
    groups = optimizer.param_groups
    factors = [group.get("initial_lr", group["lr"]) / base for group in groups]
    average = _Average(smoothing)
    losses: list[float] = []
    smoothed: list[float] = []
    rates = np.geomspace(lowest, highest, n_steps)
    for rate in rates:
        for group, factor in zip(groups, factors, strict=True):
            group["lr"] = float(rate) * factor
        loss = float(step())
        if not math.isfinite(loss):
            break
        losses.append(loss)
        smoothed.append(average.of(loss))
        if _is_exploded(losses, smoothed, n_steps):
            break
    if len(losses) < 2:
        raise DivergedError(
            f"The loss is not a finite number at a learning rate of {lowest:g}, the "
            "lowest one tried. Lower it, or look at the images and the targets."
        )
    curves = rates[: len(losses)], np.array(losses), np.array(smoothed)
    return _read(*curves, smoothing=smoothing, n_calm=_count_calm(n_steps))


def _is_exploded(losses: list[float], smoothed: list[float], n_steps: int) -> bool:
    # In the first steps the rates are harmless: batches differ as much by themselves.
    n_calm = _count_calm(n_steps)
    calm = max(losses[:n_calm])
    return len(losses) > n_calm and smoothed[-1] > max(calm, _EXPLODED * min(smoothed))


def _count_calm(n_steps: int) -> int:
    return max(1, n_steps // 10)


def _read(
    rates: Curve, losses: Curve, smoothed: Curve, *, smoothing: float, n_calm: int
) -> RateCurve:
    slopes = np.gradient(smoothed, np.log(rates))
    slopes[: min(n_calm, len(slopes) - 1)] = np.inf
    # The average lags behind the losses by so many steps.
    lag = round(smoothing / (1 - smoothing))
    steepest = max(0, int(slopes.argmin()) - lag)
    tenth_of_best = float(rates[smoothed.argmin()]) / 10
    return RateCurve(rates, losses, smoothed, float(rates[steepest]), tenth_of_best)


class _Average:
    """An exponential moving average without the pull of its start to zero."""

    def __init__(self, kept: float) -> None:
        self._kept = kept
        self._total = 0.0
        self._weight = 0.0

    def of(self, value: float) -> float:
        """Take a value in and give the average."""
        self._total = self._kept * self._total + (1 - self._kept) * value
        self._weight = self._kept * self._weight + (1 - self._kept)
        return self._total / self._weight
