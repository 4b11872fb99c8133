"""What to change about a run, in the estimator's own parameters."""

from __future__ import annotations

from hybridml.finetune.watching.curves import RunCurves


def cure(verdict: str, run: RunCurves) -> tuple[str, ...]:
    """Name the parameters to change, the most promising first."""
    return {
        "good fit": _good,
        "under-fitting": _under_fitting,
        "over-fitting": _over_fitting,
        "oscillating": _oscillating,
        "diverging": _diverging,
        "cannot tell": _unknown,
    }[verdict](run)


def _good(run: RunCurves) -> tuple[str, ...]:
    return ("nothing to cure; more images are what improves a good fit",)


def _under_fitting(run: RunCurves) -> tuple[str, ...]:
    cures = [f"epochs={2 * run.n_epochs}", _rate(run, 3.0)]
    has_hindered = len(run.valid) and run.train.smooth[-1] > run.valid.smooth[-1]
    if has_hindered:
        cures.append("lighter augmentation, less dropout, label_smoothing=0")
    cures.append('trainable="all" if it is not yet, a larger image_size or backbone')
    if run.train.fall < 0.05 * run.train.values[0]:
        cures.append(
            "if learning_rate is above its default, lower it: too high a rate also "
            "leaves the losses where they were"
        )
        cures.append(
            "if epoch 0 is the linear probe and good enough, keep it: there may be "
            "nothing left to gain"
        )
    return tuple(cures)


def _over_fitting(run: RunCurves) -> tuple[str, ...]:
    best = int(run.valid.epochs[run.valid.best])
    stop = f"epochs={best} or a short patience" if best else "keep the start"
    kept = f"{stop} (the state of epoch {best} is the one that is kept)"
    return (
        "more images, or a stronger augmentation",
        'trainable="last2" or "head": fewer parameters learn',
        "more dropout (0.2 to 0.5), weight_decay (times 10) or label_smoothing (0.1)",
        kept if best else f"{kept}, with a learning_rate 10 times lower",
    )


def _oscillating(run: RunCurves) -> tuple[str, ...]:
    return (
        _rate(run, 1 / 3),
        "a larger batch_size",
        "a larger validation_fraction, if the training loss falls smoothly: few images "
        "held out make the held-out loss jump",
    )


def _diverging(run: RunCurves) -> tuple[str, ...]:
    return (
        _rate(run, 1 / 10),
        "a larger batch_size",
        "look for wrong labels or broken images, if a low rate does not help",
    )


def _unknown(run: RunCurves) -> tuple[str, ...]:
    if len(run.valid):
        return ("epochs=5 or more",)
    return ("validation_fraction=0.1, with at least 4 images of each class",)


def _rate(run: RunCurves, factor: float) -> str:
    """Word a change of the learning rate, with the number where it is known."""
    if run.peak_rate is not None:
        return f"learning_rate={factor * run.peak_rate:.1g}"
    how = (
        f"{factor:.0f} times higher" if factor > 1 else f"{1 / factor:.0f} times lower"
    )
    return f"a learning_rate {how}"
