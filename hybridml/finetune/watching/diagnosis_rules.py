"""The rules of `diagnose`, in the order in which they count.

Each takes the curves of a run and gives a verdict with its evidence, or None.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hybridml.finetune.watching.curves import Curve, RunCurves

Finding = tuple[str, tuple[str, ...]]

_FEWEST_EPOCHS = 3
_GROWTH = 1.5  # of the training loss
_SPIKE = 3.0  # of the first training loss, against the start and what follows
_RISE = 0.05  # of the held-out loss, against its minimum and against the whole curve
_NOISES = 3.0  # a rise counts above so many times the noise
_SWING_OF_SPAN, _SWING_OF_LEVEL = 0.04, 0.15
_LATE = 0.1  # of all that was gained, in the second half of the epochs
_STILL = 0.05  # of the first loss
_FELL = 0.9  # a training loss below this part of what it was has fallen
_GAP = 0.5  # of what the training loss gained


def diverging(run: RunCurves) -> Finding | None:
    """Find a loss that grows or is no number."""
    train, valid = run.train, run.valid
    if not run.is_finite:
        return "diverging", ("a loss is not a finite number",)
    if not len(train):
        return None
    last = float(np.mean(train.values[-max(1, len(train) // 5) :]))
    if last > _GROWTH * train.values[0]:
        seen = f"training loss grew from {train.values[0]:.3g} to {last:.3g}"
        return "diverging", (seen,)
    if _has_spiked(run):
        return "diverging", (
            f"training loss was {train.values[0]:.3g} in epoch {train.epochs[0]:.0f}, "
            f"held-out loss {valid.values[0]:.3g} before it",
            "held-out loss never got clearly below that, and ended at "
            f"{valid.values[-1]:.3g}",
        )
    if run.n_epochs >= _FEWEST_EPOCHS and _has_turned(valid) and not _has_fallen(run):
        return "diverging", (
            _rise_in_words(valid),
            f"training loss did not fall either: {_way(train, valid.turn_epoch)}",
        )
    return None


def too_short(run: RunCurves) -> Finding | None:
    """Find that there are too few epochs for any other verdict."""
    if run.n_epochs >= _FEWEST_EPOCHS:
        return None
    epochs = "epoch" if run.n_epochs == 1 else "epochs"
    seen = f"{run.n_epochs} {epochs} of training; it takes {_FEWEST_EPOCHS} to tell"
    return "cannot tell", (seen,)


def turned(run: RunCurves) -> Finding | None:
    """Find over-fitting: the held-out loss rises, the training loss falls."""
    if not _has_turned(run.valid):
        return None
    return "over-fitting", (
        _rise_in_words(run.valid),
        f"training loss went from {_way(run.train, run.valid.turn_epoch)} meanwhile",
    )


def oscillating(run: RunCurves) -> Finding | None:
    """Find losses that go up and down far."""
    seen = [
        f"{name} loss swings by {curve.noise:.2g} to either side of its trend, "
        f"a median of {curve.level:.2g}"
        for name, curve in (("training", run.train), ("held-out", run.valid))
        if _swings(curve)
    ]
    return ("oscillating", tuple(seen)) if seen else None


def unfinished(run: RunCurves) -> Finding | None:
    """Find under-fitting: much of what was gained was gained late."""
    name, curve = ("held-out", run.valid)
    if not len(curve):
        name, curve = ("training", run.train)
    late = curve.at(run.middle) - curve.smooth.min()
    is_clear = late > 2 * curve.noise and curve.fall > _STILL * curve.values[0]
    if not is_clear or late <= _LATE * curve.fall:
        return None
    return "under-fitting", (
        f"{name} loss was still falling: {late / curve.fall:.0%} of its gain came in "
        f"the second half of the epochs ({_way(curve, run.middle)})",
        _both_in_words(run),
    )


def without_held_out(run: RunCurves) -> Finding | None:
    """Find that what a good fit is measured by is missing."""
    if len(run.valid):
        return None
    train = run.train
    if train.fall < _STILL * train.values[0]:
        seen = f"training loss hardly moved: {_way(train, train.epochs[0])}"
        return "under-fitting", (seen, "nothing was held out")
    seen = f"training loss fell from {_way(train, train.epochs[0])}"
    return "cannot tell", ("nothing was held out", seen)


def memorising(run: RunCurves) -> Finding | None:
    """Find over-fitting: the training loss falls on, the held-out loss stands still."""
    train, valid = run.train, run.valid
    end = train.smooth[-1]
    gained, missing = valid.values[0] - end, valid.smooth[-1] - end
    if missing <= 0 or missing <= _GAP * gained:
        return None
    if end >= _FELL * train.at(run.middle):
        return None
    return "over-fitting", (
        f"training loss fell on in the second half, from {_way(train, run.middle)}; "
        f"held-out loss stood still ({_way(valid, run.middle)})",
        f"held-out loss ended {missing:.3g} above the training loss",
    )


def still(run: RunCurves) -> Finding | None:
    """Find under-fitting: the held-out loss is where it was."""
    valid = run.valid
    if valid.fall > _STILL * valid.values[0]:
        return None
    seen = f"held-out loss hardly moved: from {_way(valid, valid.epochs[0])}"
    return "under-fitting", (seen, _both_in_words(run))


def good(run: RunCurves) -> Finding | None:
    """Find nothing wrong."""
    valid = run.valid
    late = max(0.0, valid.at(run.middle) - valid.smooth.min()) / valid.fall
    return "good fit", (
        f"held-out loss fell from {_way(valid, valid.epochs[0])}, {late:.0%} of it in "
        "the second half of the epochs",
        _both_in_words(run),
    )


RULES: tuple[Callable[[RunCurves], Finding | None], ...] = (
    diverging,
    too_short,
    turned,
    oscillating,
    unfinished,
    without_held_out,
    memorising,
    still,
    good,
)


def _has_turned(valid: Curve) -> bool:
    if not len(valid):
        return False
    against = (valid.smooth.min(), valid.span)
    clear = max(_NOISES * valid.noise, *(_RISE * size for size in against))
    return valid.rise > clear


def _has_fallen(run: RunCurves) -> bool:
    """Whether training went on to fit its images after the held-out loss turned."""
    train, valid = run.train, run.valid
    end = train.smooth[-1]
    return bool(
        end < _FELL * train.at(valid.turn_epoch) or end < valid.smooth[-1] * (1 - _GAP)
    )


def _has_spiked(run: RunCurves) -> bool:
    """Whether the first epoch threw the start away, and nothing came of it."""
    train, valid = run.train, run.valid
    if not len(valid) or len(train) < 2:
        return False
    before, after = valid.values[0], train.values[1]
    is_spike = train.values[0] > _SPIKE * max(before, after)
    return bool(is_spike and valid.fall < _STILL * before)


def _swings(curve: Curve) -> bool:
    return bool(
        len(curve)
        and curve.noise > _SWING_OF_SPAN * curve.span
        and curve.noise > _SWING_OF_LEVEL * curve.level
    )


def _way(curve: Curve, since: float) -> str:
    return f"{curve.at(since):.3g} to {curve.smooth[-1]:.3g}"


def _rise_in_words(valid: Curve) -> str:
    low, end = valid.smooth.min(), valid.smooth[-1]
    how_far = f": {end / low - 1:.0%} above its minimum" if low > 0 else ""
    return (
        f"held-out loss rose from {low:.3g} (epoch {valid.turn_epoch:.0f}) to "
        f"{end:.3g} (epoch {valid.epochs[-1]:.0f}){how_far}"
    )


def _both_in_words(run: RunCurves) -> str:
    if not len(run.valid):
        return "nothing was held out"
    train, valid = run.train.smooth[-1], run.valid.smooth[-1]
    if train > valid:
        return (
            f"training loss ended above the held-out loss ({train:.3g}, {valid:.3g}), "
            "as it does under augmentation, dropout or label smoothing"
        )
    return f"at the end, training loss {train:.3g}, held-out loss {valid:.3g}"
