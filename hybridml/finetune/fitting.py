"""From a prepared training run to a fitted estimator."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
from torch import Tensor

from hybridml.exceptions import DivergedError
from hybridml.finetune.identity import identify
from hybridml.finetune.learning.probe import LinearHead
from hybridml.finetune.learning.targets import Targets
from hybridml.finetune.parallel.group import ALONE, Group
from hybridml.finetune.preparing import Prepared, prepared
from hybridml.finetune.training.checkpoint import Checkpoint, Keeping
from hybridml.finetune.training.loop import Outcome, train
from hybridml.finetune.training.on_cpu import fast_on_cpu
from hybridml.finetune.training.order import shuffled_batches
from hybridml.finetune.training.rate_finder import RateCurve, find_rate
from hybridml.finetune.training.seeding import generator_for
from hybridml.finetune.training.steps import Steps
from hybridml.finetune.tuned_network import TunedNetwork
from hybridml.finetune.watching.callbacks import Callback
from hybridml.finetune.watching.telling import Telling, warn_of_interruption

if TYPE_CHECKING:
    from hybridml.finetune.estimator import FineTuneEstimator


def fit_network(
    estimator: FineTuneEstimator,
    images: npt.NDArray[Any],
    targets: Targets,
    callbacks: Sequence[Callback],
    *,
    group: Group = ALONE,
    checkpoints: Callable[[str], Keeping] | None = None,
) -> None:
    """Train a network as an estimator's parameters say.

    Sets the attributes `tuned_`, `history_`, `n_epochs_`, `best_epoch_` and
    `interrupted_` of the estimator.

    Parameters
    ----------
    estimator : FineTuneEstimator
        Its parameters are checked already.
    images : ndarray of shape (n_images, ...)
    targets : Targets
    callbacks : sequence of Callback
        Told of all but the end.
    group : Group, default=ALONE
        Who trains: each process calls this with the same arguments, but its images.
    checkpoints : callable or None, default=None
        Gives where the training ("fit") and the one on all the images ("refit") are
        kept; None keeps them as the estimator's `checkpoint` says.

    Raises
    ------
    DivergedError
        If the loss is no longer a finite number; the estimator then has the best state
        before that.
    """
    with prepared(estimator, images, targets, group) as run:
        _Fit(estimator, images, targets, run, group, checkpoints).run(callbacks)


def find_rate_of(
    estimator: FineTuneEstimator, images: npt.NDArray[Any], targets: Targets
) -> RateCurve:
    """Run a range test as an estimator would train, through as many epochs as it takes.

    See `find_rate`.
    """
    with prepared(estimator, images, targets) as run:
        settings, model = run.settings, run.parts.model
        model.prepare_to_train(batch_norm_learns=settings.batch_norm_learns)
        steps = Steps(
            model, targets.task, run.inputs, run.data, settings, depths=run.depths
        )
        orders = (generator_for(settings.seed, "order", n) for n in itertools.count())
        batches = itertools.chain.from_iterable(
            shuffled_batches(run.data.train, settings.batch_size, order)
            for order in orders
        )
        with fast_on_cpu(model, settings):
            return find_rate(lambda: steps.step(next(batches), view=0), steps.optimizer)


class _Fit:
    """One fit of an estimator."""

    def __init__(
        self,
        estimator: FineTuneEstimator,
        images: npt.NDArray[Any],
        targets: Targets,
        prepared: Prepared,
        group: Group,
        checkpoints: Callable[[str], Keeping] | None,
    ) -> None:
        self._estimator = estimator
        self._images = images
        self._targets = targets
        self._run = prepared
        self._group = group
        self._checkpoints = checkpoints or self._checkpoint
        self._model = prepared.parts.model
        self._start = self._learned_state() if self._is_refit_wanted else {}

    def run(self, callbacks: Sequence[Callback]) -> None:
        """Train, and give the estimator what it found."""
        estimator = self._estimator
        try:
            with fast_on_cpu(self._model, self._run.settings):
                outcome = self._train(callbacks)
                if self._is_refitted(outcome):
                    again = self._refit(outcome.best_epoch)
                    outcome = replace(outcome, interrupted_in=again.interrupted_in)
        except DivergedError as error:
            self._finish(Outcome(error.best_epoch or 0))
            raise
        self._finish(outcome)
        # At the call of fit.
        warn_of_interruption(outcome, estimator.n_epochs_, stacklevel=5)

    def _train(self, callbacks: Sequence[Callback]) -> Outcome:
        run = self._run
        telling = Telling(self._estimator, callbacks, run.settings.epochs)
        return train(
            self._model,
            self._targets.task,
            run.inputs,
            run.data,
            run.settings,
            depths=run.depths,
            group=self._group,
            checkpoint=self._checkpoints("fit"),
            on_epoch=telling.on_epoch,
            on_step=telling.on_step,
        )

    @property
    def _is_refit_wanted(self) -> bool:
        refit = self._estimator.refit
        return self._run.parts.frozen is not None if refit == "auto" else bool(refit)

    def _is_refitted(self, outcome: Outcome) -> bool:
        """Whether to train anew with the images that were held out."""
        is_judged = len(self._run.data.held_out) > 0 and outcome.best_epoch > 0
        is_whole = outcome.interrupted_in is None
        return self._is_refit_wanted and is_judged and is_whole

    def _refit(self, n_epochs: int) -> Outcome:
        """Train once more from the start on all the images, for as many epochs."""
        run, model = self._run, self._model
        model.load_state_dict(self._start, strict=False)
        if run.probe is not None:
            run.probe.copy_to(model.head)
        return train(
            model,
            self._targets.task,
            run.inputs,
            run.data.with_all(),
            run.settings,
            depths=run.depths,
            group=self._group,
            checkpoint=self._checkpoints("refit"),
            n_epochs=n_epochs,
            on_epoch=lambda row: None,
            on_step=lambda done, total: None,
        )

    def _learned_state(self) -> dict[str, Tensor]:
        learned = {n for n, p in self._model.named_parameters() if p.requires_grad}
        learned |= {name for name, _ in self._model.named_buffers()}
        state = self._model.state_dict()
        return {name: state[name].clone() for name in state if name in learned}

    def _finish(self, outcome: Outcome) -> None:
        estimator, run, model = self._estimator, self._run, self._model
        head = LinearHead.of(model.head)
        if run.probe is not None and outcome.best_epoch == 0:
            head = run.probe
        estimator.best_epoch_ = outcome.best_epoch
        estimator.interrupted_ = outcome.interrupted_in is not None
        estimator.tuned_ = TunedNetwork(
            run.network.backbone,
            run.module.cpu(),
            run.network.preprocessing,
            self._targets.rescaled(head),
            stage=model.stage,
            pooling=model.pooling,
            device=estimator.device,
            precision=estimator.precision,
        )

    def _checkpoint(self, part: str) -> Keeping | None:
        folder = self._estimator.checkpoint
        if folder is None:
            return None
        network = self._run.network
        identity = identify(self._estimator, network, self._images, self._targets)
        return Checkpoint(folder, {**identity, "part": part})
