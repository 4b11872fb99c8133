"""The curves of a training run, and the trend in them told apart from the noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.isotonic import isotonic_regression

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A loss by epoch, and the smooth curve under it.

    The smooth curve follows what losses do when nothing but learning happens: it falls
    and, where it may turn, rises once. It is the least-squares fit of that shape, with
    no width to choose. What goes up and down again round it is `noise`.

    Attributes
    ----------
    epochs, values, smooth : ndarray of shape (n_points,), float64
    noise : float
        In the unit of the loss: the larger of the root mean square of the departures
        from the smooth curve, and the mean of what each step takes back of the one
        before (the fit of a short curve follows its last swing, the steps do not).
    """

    epochs: Values
    values: Values
    smooth: Values
    noise: float

    @classmethod
    def of(cls, history: pd.DataFrame, column: str, *, may_turn: bool) -> Curve:
        """Read a column of a history, but for what was not measured."""
        if column not in history:
            return cls(np.empty(0), np.empty(0), np.empty(0), 0.0)
        epochs, values = history[["epoch", column]].to_numpy(dtype=float).T
        is_finite = np.isfinite(values)
        epochs, values = epochs[is_finite], values[is_finite]
        if len(values) == 0:
            return cls(epochs, values, values, 0.0)
        smooth = _fall_and_rise(values) if may_turn else _fall(values)
        apart = float(np.sqrt(np.mean((values - smooth) ** 2)))
        return cls(epochs, values, smooth, max(apart, _taken_back(values, smooth)))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def best(self) -> int:
        """Position of the least value."""
        return int(np.argmin(self.values))

    @property
    def span(self) -> float:
        """How far the smooth curve reaches from its highest to its lowest point."""
        return float(np.ptp(self.smooth))

    @property
    def fall(self) -> float:
        """How far the smooth curve has come down from the first value."""
        return float(self.values[0] - self.smooth.min())

    @property
    def rise(self) -> float:
        """How far the curve ends above its lowest point, its last swing left aside."""
        last_quarter = self.values[-max(1, len(self) // 4) :].mean()
        return float(min(self.smooth[-1], last_quarter) - self.smooth.min())

    @property
    def level(self) -> float:
        """Median of the smooth curve."""
        return float(np.median(self.smooth))

    @property
    def turn_epoch(self) -> float:
        """Epoch of the lowest point of the smooth curve, the first of equals."""
        return float(self.epochs[np.argmin(self.smooth)])

    def at_exactly(self, epoch: float) -> float:
        """Loss as it was measured in an epoch."""
        return float(np.interp(epoch, self.epochs, self.values))

    def at(self, epoch: float) -> float:
        """Smooth loss at an epoch, or the nearest one measured."""
        return float(np.interp(epoch, self.epochs, self.smooth))


@dataclass(frozen=True)
class RunCurves:
    """The curves of one run.

    Attributes
    ----------
    n_epochs : int
        Without epoch 0, the start.
    is_finite : bool
        Whether each epoch has a finite training loss, and a finite held-out loss
        where any was measured.
    train, valid : Curve
        Empty where nothing was measured.
    score_name, score : str, Curve
        The first score of the held-out part; "" and empty where there is none.
    peak_rate : float or None
        The highest learning rate, where the history tells it.
    """

    n_epochs: int
    is_finite: bool
    train: Curve
    valid: Curve
    score_name: str
    score: Curve
    peak_rate: float | None

    @classmethod
    def of(cls, history: pd.DataFrame) -> RunCurves:
        """Read a history."""
        names = [str(c) for c in history if str(c).startswith("valid_")]
        name = next((c for c in names if c != "valid_loss"), "")
        known_rate = "learning_rate" in history and history["learning_rate"].notna()
        rates = history["learning_rate"][known_rate] if np.any(known_rate) else None
        trained = history[history["epoch"] > 0]
        valid = trained["valid_loss"]
        needed = [trained["train_loss"], *([valid] if valid.notna().any() else [])]
        return cls(
            n_epochs=len(trained),
            is_finite=all(bool(np.isfinite(v.astype(float)).all()) for v in needed),
            train=Curve.of(history, "train_loss", may_turn=False),
            valid=Curve.of(history, "valid_loss", may_turn=True),
            score_name=name.removeprefix("valid_"),
            score=Curve.of(history, name, may_turn=True),
            peak_rate=None if rates is None else float(rates.max()),
        )

    @property
    def last_epoch(self) -> float:
        """Number of the last epoch."""
        return float(self.train.epochs[-1])

    @property
    def middle(self) -> float:
        """Where the second half of the epochs begins."""
        return self.last_epoch / 2

    def score_in_words(self) -> tuple[str, ...]:
        """Say how the score went, in no lines where there is none."""
        if not (len(self.score) and len(self.valid)):
            return ()
        first, last = self.score.values[[0, -1]]
        kept = self.score.at_exactly(self.valid.epochs[self.valid.best])
        return (
            f"{self.score_name} {first:.3g} at the start, {kept:.3g} at the least "
            f"held-out loss, {last:.3g} at the end",
        )


def _fall(values: Values) -> Values:
    return np.asarray(isotonic_regression(values, increasing=False))


def _fall_and_rise(values: Values) -> Values:
    """Fit every place at which the curve may turn; keep the fit that misses least."""
    fits = [
        np.concatenate([_fall(values[:turn]), isotonic_regression(values[turn:])])
        for turn in range(1, len(values))
    ]
    fits.append(_fall(values))
    return fits[int(np.argmin([np.sum((values - fit) ** 2) for fit in fits]))]


def _taken_back(values: Values, smooth: Values) -> float:
    """Average what each step takes back of the one before, but at the one turn."""
    steps = np.diff(values)
    if len(steps) < 2:
        return 0.0
    before, after = steps[:-1], steps[1:]
    back = np.minimum(np.abs(before), np.abs(after)) * (before * after < 0)
    turn = int(np.argmin(smooth))
    if 0 < turn < len(values) - 1:
        back[turn - 1] = 0.0
    return float(back.mean())
