"""From an estimator's parameters and its data to a trained network, step by step."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from hybridml._progress import image_progress
from hybridml.backbones.loading import network_of
from hybridml.backbones.network import Network
from hybridml.backbones.workers import count_workers, single_threaded_workers
from hybridml.exceptions import CacheWarning, DivergedError, TrainingWarning
from hybridml.features.choosing import open_store
from hybridml.features.extraction import extract
from hybridml.features.request import make_request
from hybridml.finetune.feeding.inputs import Inputs
from hybridml.finetune.feeding.pixels import Pixels
from hybridml.finetune.feeding.training_data import TrainingData, prepare_training
from hybridml.finetune.identity import identify
from hybridml.finetune.learning.model import assemble, start_from_probe
from hybridml.finetune.learning.probe import LinearHead
from hybridml.finetune.learning.targets import Targets
from hybridml.finetune.parameters import make_settings, views_kept
from hybridml.finetune.training.checkpoint import Checkpoint
from hybridml.finetune.training.loop import Outcome, shuffled_batches, train
from hybridml.finetune.training.mixed_precision import float32_where_faster
from hybridml.finetune.training.optimizer import depths_of
from hybridml.finetune.training.rate_finder import RateCurve, find_rate
from hybridml.finetune.training.seeding import generator_for, seeded
from hybridml.finetune.training.settings import Settings
from hybridml.finetune.training.steps import Steps
from hybridml.finetune.tuned_network import TunedNetwork
from hybridml.finetune.watching.callbacks import Callback

if TYPE_CHECKING:
    from hybridml.finetune.estimator import FineTuneEstimator


def fit_network(
    estimator: FineTuneEstimator,
    images: npt.NDArray[Any],
    targets: Targets,
    callbacks: Sequence[Callback],
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

    Raises
    ------
    DivergedError
        If the loss is no longer a finite number; the estimator then has the best state
        before that.
    """
    with _prepared(estimator, images, targets) as fit:
        fit.run(callbacks)


def find_rate_of(
    estimator: FineTuneEstimator, images: npt.NDArray[Any], targets: Targets
) -> RateCurve:
    """Run a range test as an estimator would train; see `find_rate`."""
    with _prepared(estimator, images, targets) as fit:
        return fit.find_rate()


@contextmanager
def _prepared(
    estimator: FineTuneEstimator, images: npt.NDArray[Any], targets: Targets
) -> Iterator[_Fit]:
    network = network_of(estimator)
    pixels = Pixels(images, network.preprocessing, n_jobs=estimator.n_jobs)
    data = prepare_training(
        targets,
        validation_fraction=estimator.validation_fraction,
        random_state=estimator.random_state,
    )
    settings = make_settings(estimator.get_params(deep=False), network)
    n_workers = count_workers(estimator.n_jobs) if network.device.type == "cpu" else 1
    with (
        seeded(estimator.random_state, network.device),
        single_threaded_workers(n_workers) as workers,
    ):
        fit = _Fit(estimator, images, network, targets, data, settings)
        fit.prepare(pixels, workers)
        yield fit


class _Fit:
    """One fit of an estimator."""

    def __init__(
        self,
        estimator: FineTuneEstimator,
        images: npt.NDArray[Any],
        network: Network,
        targets: Targets,
        data: TrainingData,
        settings: Settings,
    ) -> None:
        self._estimator = estimator
        self._images = images
        self._network = network
        self._targets = targets
        self._data = data
        self._settings = settings
        self._module = network.trainable_copy()
        self._parts = assemble(
            self._module,
            network,
            trainable=estimator.trainable,
            pooling=estimator.pooling,
            n_outputs=targets.task.n_outputs,
            dropout=estimator.dropout,
        )
        self._probe: LinearHead | None = None
        self._start: dict[str, Tensor] = {}

    def prepare(self, pixels: Pixels, workers: ThreadPoolExecutor) -> None:
        """Let the head start as the probe, and make ready what the model is given."""
        model = self._parts.model
        if self._estimator.weights is not None:
            task, features = self._targets.task, self._probe_features()
            self._probe = start_from_probe(model.head, features, self._data, task)
        model.on(self._network.device)
        if self._is_refit_wanted:
            learned = {n for n, p in model.named_parameters() if p.requires_grad}
            learned |= {n for n, _ in model.named_buffers()}
            state = model.state_dict()
            self._start = {n: state[n].clone() for n in state if n in learned}
        self._given = self._inputs(pixels, workers)

    def find_rate(self) -> RateCurve:
        """Raise the rate from step to step, through as many epochs as it takes."""
        settings, train = self._settings, self._data.train
        model, task = self._parts.model, self._targets.task
        model.prepare_to_train(batch_norm_learns=settings.batch_norm_learns)
        steps = Steps(
            model, task, self._given, self._data, settings, depths=self._depths()
        )
        orders = (generator_for(settings.seed, "order", n) for n in itertools.count())
        batches = itertools.chain.from_iterable(
            shuffled_batches(train, settings.batch_size, order) for order in orders
        )
        return find_rate(lambda: steps.step(next(batches), view=0), steps.optimizer)

    def run(self, callbacks: Sequence[Callback]) -> None:
        """Train, and give the estimator what it found."""
        estimator = self._estimator
        model, on_cpu = self._parts.model, self._settings.autocast_on_cpu
        try:
            with float32_where_faster(model, applies=on_cpu):
                outcome = self._train(callbacks)
                if self._is_refitted(outcome):
                    again = self._refit(outcome.best_epoch)
                    outcome = replace(outcome, interrupted_in=again.interrupted_in)
        except DivergedError as error:
            self._finish(Outcome(error.best_epoch or 0))
            raise
        self._finish(outcome)
        if outcome.interrupted_in is not None:
            message = (
                f"Training was interrupted in epoch {outcome.interrupted_in} of "
                f"{estimator.n_epochs_}; the state after epoch {outcome.best_epoch}, "
                "the best one so far, is kept."
            )
            warnings.warn(message, TrainingWarning, stacklevel=5)

    def _train(self, callbacks: Sequence[Callback]) -> Outcome:
        estimator, settings, model = self._estimator, self._settings, self._parts.model
        estimator.n_epochs_ = settings.epochs
        for callback in callbacks:
            callback.on_fit_begin(estimator)
        rows: list[dict[str, float]] = []

        def on_epoch(row: dict[str, float]) -> None:
            rows.append(row)
            estimator.history_ = pd.DataFrame(rows).astype({"epoch": int})
            for callback in callbacks:
                callback.on_epoch_end(estimator, row)

        def on_step(done: int, total: int) -> None:
            for callback in callbacks:
                callback.on_step_end(estimator, done, total)

        return train(
            model,
            self._targets.task,
            self._given,
            self._data,
            settings,
            depths=self._depths(),
            checkpoint=self._checkpoint(),
            on_epoch=on_epoch,
            on_step=on_step,
        )

    @property
    def _is_refit_wanted(self) -> bool:
        refit = self._estimator.refit
        return self._parts.frozen is not None if refit == "auto" else bool(refit)

    def _is_refitted(self, outcome: Outcome) -> bool:
        """Whether to train anew with the images that were held out."""
        is_judged = len(self._data.held_out) > 0 and outcome.best_epoch > 0
        return bool(
            self._is_refit_wanted and is_judged and outcome.interrupted_in is None
        )

    def _refit(self, n_epochs: int) -> Outcome:
        """Train once more from the start on all the images, for as many epochs."""
        model = self._parts.model
        model.load_state_dict(self._start, strict=False)
        if self._probe is not None:
            self._probe.copy_to(model.head)
        return train(
            model,
            self._targets.task,
            self._given,
            self._data.with_all(),
            self._settings,
            depths=self._depths(),
            checkpoint=self._checkpoint(part="refit"),
            n_epochs=n_epochs,
            on_epoch=lambda row: None,
            on_step=lambda done, total: None,
        )

    def _depths(self) -> dict[str, int]:
        """Depths of the parameters; to find them takes seconds, so only if needed."""
        if self._settings.layer_decay == 1 and not self._settings.gradual_unfreezing:
            return {}
        last = self._parts.model.stage
        return depths_of(self._module, self._network.backbone, last)

    def _finish(self, outcome: Outcome) -> None:
        estimator, model = self._estimator, self._parts.model
        head = LinearHead.of(model.head)
        if self._probe is not None and outcome.best_epoch == 0:
            head = self._probe
        estimator.best_epoch_ = outcome.best_epoch
        estimator.interrupted_ = outcome.interrupted_in is not None
        estimator.tuned_ = TunedNetwork(
            self._network.backbone,
            self._module.cpu(),
            self._network.preprocessing,
            self._targets.rescaled(head),
            stage=model.stage,
            pooling=model.pooling,
            device=estimator.device,
            precision=estimator.precision,
        )

    def _probe_features(self) -> npt.NDArray[np.float32]:
        """Features of the network as it is before training."""
        estimator, stage = self._estimator, self._parts.model.stage
        request = make_request(self._network, stage.name, estimator.pooling)
        shown = estimator.verbose > 0
        with image_progress(len(self._images), "probe", shown=shown) as tick:
            return extract(
                self._images,
                request,
                store=open_store(estimator.store),
                n_jobs=estimator.n_jobs,
                on_progress=tick,
            )

    def _inputs(self, pixels: Pixels, workers: ThreadPoolExecutor) -> Inputs:
        estimator, data = self._estimator, self._data
        inputs = Inputs(
            pixels,
            self._network.preprocessing,
            self._network.device,
            augmentation=estimator.augmentation,
            seed=estimator.random_state,
            frozen=self._parts.frozen,
            n_rows=self._network.n_rows,
            workers=workers,
        )
        if not estimator.prefix_cache:
            return inputs
        if self._parts.obstacle:
            message = (
                "The frozen layers are run again in every step: their output cannot be "
                f"kept, since {self._parts.obstacle}."
            )
            warnings.warn(message, CacheWarning, stacklevel=8)
        n_views = views_kept(estimator.n_views, self._settings.epochs)
        inputs.keep(len(data.train), len(data.held_out), n_views, self._cache_folder())
        return inputs

    def _cache_folder(self) -> Path:
        """On the disk of the feature store, if there is one."""
        store = open_store(self._estimator.store)
        return store.path if store else Path(tempfile.gettempdir())

    def _checkpoint(self, part: str = "fit") -> Checkpoint | None:
        folder = self._estimator.checkpoint
        if folder is None:
            return None
        identity = identify(self._estimator, self._network, self._images, self._targets)
        return Checkpoint(folder, {**identity, "part": part})
