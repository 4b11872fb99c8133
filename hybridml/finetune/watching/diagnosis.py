"""What the curves of a training run say: which fault they show, and what cures it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError
from hybridml.finetune.watching.curves import RunCurves
from hybridml.finetune.watching.diagnosis_cures import cure
from hybridml.finetune.watching.diagnosis_rules import RULES


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` finds in a history.

    Attributes
    ----------
    verdict : str
        "good fit", "under-fitting", "over-fitting", "oscillating", "diverging" or
        "cannot tell".
    evidence : tuple of str
        What was seen, with its numbers.
    cure : tuple of str
        Parameters of the estimator to change, the most promising first.
    """

    verdict: str
    evidence: tuple[str, ...]
    cure: tuple[str, ...]

    def __str__(self) -> str:
        seen = [f"  seen: {line}" for line in self.evidence]
        cure = [f"  try:  {line}" for line in self.cure]
        return "\n".join([self.verdict, *seen, *cure])


def diagnose(history: pd.DataFrame) -> Diagnosis:
    """Say whether a training run under-fits, over-fits, oscillates or fits well.

    Parameters
    ----------
    history : DataFrame
        As `FineTuneClassifier.history_`: a row an epoch, with epoch, train_loss and
        valid_loss; other columns that begin with "valid_" are scores. Epoch 0 is the
        state before training.

    Returns
    -------
    diagnosis : Diagnosis

    Raises
    ------
    InvalidParameterError
        If the history is no such table.

    Notes
    -----
    All the criteria are ratios: the unit of the loss does not matter. A curve is split
    into its trend (which falls, and may turn and rise once) and the rest, its noise;
    the first of these rules that holds gives the verdict.

    - diverging: a loss is not a finite number; the training loss grows by half; the
      first epoch costs 3 times the loss of the start and of the next epoch, and the
      held-out loss gains nothing; or the held-out loss rises and the training loss does
      not fall.
    - cannot tell: fewer than 3 epochs.
    - over-fitting: the trend of the held-out loss ends above its minimum by more than
      5 % of the minimum (Prechelt's generalisation loss), 5 % of the whole curve and 3
      times the noise, while the training loss falls.
    - oscillating: the noise of either loss is more than 4 % of the whole curve and
      more than 15 % of its median.
    - under-fitting: more than 10 % of all that the held-out loss gained was gained in
      the second half of the epochs (where the rate of this library's schedule already
      goes down to 0).
    - over-fitting, again: the held-out loss stands still in the second half, the
      training loss falls on, and more than half of what the training loss gained
      is missing from the held-out loss.
    - under-fitting, again: the held-out loss gained less than 5 % of its first value.

    Where nothing was held out only what the training loss shows is told, never a good
    fit. The kept state is that of the least held-out loss whatever the verdict, which
    is about the run, not about that state. A training loss above the held-out loss is
    no fault: augmentation, dropout and label smoothing are at work in training alone.

    References
    ----------
    L. Prechelt, "Early Stopping - But When?", in Neural Networks: Tricks of the Trade,
    Springer 1998 (generalisation loss).
    I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press 2016, section 5.2
    (under-fitting: the training error stays high; over-fitting: the gap is large).

    Examples
    --------
    >>> history = pd.DataFrame({
    ...     "epoch": range(7),
    ...     "train_loss": [None, 0.6, 0.4, 0.25, 0.15, 0.08, 0.04],
    ...     "valid_loss": [0.69, 0.55, 0.5, 0.52, 0.6, 0.7, 0.8],
    ... })
    >>> print(diagnose(history))
    over-fitting
      seen: held-out loss rose from 0.5 (epoch 2) to 0.8 (epoch 6): 60% above its ...
      seen: training loss went from 0.4 to 0.04 meanwhile
      try:  more images, or a stronger augmentation
      ...
    """
    _check(history)
    run = RunCurves.of(history)
    findings = (rule(run) for rule in RULES)
    verdict, evidence = next(found for found in findings if found is not None)
    return Diagnosis(verdict, (*evidence, *run.score_in_words()), cure(verdict, run))


def _check(history: pd.DataFrame) -> None:
    wanted = {"epoch", "train_loss", "valid_loss"}
    missing = sorted(wanted - set(getattr(history, "columns", ())))
    if missing:
        given = sorted(getattr(history, "columns", [type(history).__name__]))
        expected = f"a history_ with the columns {', '.join(sorted(wanted))}"
        raise InvalidParameterError(describe("history", given, expected))
