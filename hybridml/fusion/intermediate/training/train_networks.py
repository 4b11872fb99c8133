"""From prepared blocks and targets to trained networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from hybridml.exceptions import DivergedError
from hybridml.finetune.feeding.training_data import TrainingData, prepare_training
from hybridml.finetune.learning.targets import Targets
from hybridml.finetune.training.loop import Outcome, train
from hybridml.finetune.training.on_cpu import fast_on_cpu
from hybridml.finetune.training.seeding import seeded
from hybridml.finetune.training.settings import Settings
from hybridml.finetune.watching.callbacks import Callback
from hybridml.finetune.watching.telling import Telling, warn_of_interruption
from hybridml.fusion.intermediate.networks.image_stem import ImageStem
from hybridml.fusion.intermediate.networks.joint_model import JointModel
from hybridml.fusion.intermediate.networks.trained_networks import TrainedNetworks
from hybridml.fusion.intermediate.parameters import make_architecture, make_settings
from hybridml.fusion.intermediate.training.joint_task import JointTask
from hybridml.fusion.intermediate.training.packed_inputs import PackedInputs

if TYPE_CHECKING:
    from hybridml.fusion.intermediate.estimator import IntermediateFusion


def train_networks(
    estimator: IntermediateFusion,
    blocks: Sequence[npt.NDArray[Any]],
    widths: Sequence[int],
    stems: Mapping[int, ImageStem],
    presence: npt.NDArray[np.bool_],
    targets: Targets,
    callbacks: Sequence[Callback],
) -> None:
    """Train networks as an estimator's parameters say.

    Sets the attributes `networks_`, `history_`, `n_epochs_`, `best_epoch_` and
    `interrupted_` of the estimator.

    Parameters
    ----------
    estimator : IntermediateFusion
        Its parameters are checked already.
    blocks : sequence of ndarray of shape (n_rows, n_in)
    widths : sequence of int
        Number of features that the branch of each modality takes.
    stems : mapping of {int: ImageStem}
        What makes such features of the blocks of some modalities.
    presence : ndarray of shape (n_rows, n_modalities), bool
    targets : Targets
    callbacks : sequence of Callback
        Told of all but the end.

    Raises
    ------
    DivergedError
        If the loss is no longer a finite number; the estimator then has the best state
        before that.
    """
    settings = make_settings(estimator.get_params(deep=False), len(presence))
    with seeded(settings.seed, settings.device):
        inputs = PackedInputs(blocks, presence, settings.device)
        run = _Run(estimator, settings, inputs, widths, stems, targets)
        try:
            outcome = run.train(callbacks)
        except DivergedError as error:
            run.finish(Outcome(error.best_epoch or 0))
            raise
        run.finish(outcome)
    # At the call of fit.
    warn_of_interruption(outcome, settings.epochs, stacklevel=4)


class _Run:
    """One fit of an estimator."""

    def __init__(
        self,
        estimator: IntermediateFusion,
        settings: Settings,
        inputs: PackedInputs,
        widths: Sequence[int],
        stems: Mapping[int, ImageStem],
        targets: Targets,
    ) -> None:
        params = estimator.get_params(deep=False)
        self._estimator = estimator
        self._targets = targets
        self._settings = settings
        self._model = JointModel(
            make_architecture(params),
            widths,
            targets.task.n_outputs,
            has_own_for_gaps=params["missing"] == "networks",
            auxiliary_weight=float(params["auxiliary_weight"]),
            modality_dropout=float(params["modality_dropout"]),
            stems=stems,
        ).to(settings.device)
        self._task = JointTask(targets.task, self._model.loss_weights)
        self._inputs = inputs
        self._data = prepare_training(
            targets,
            validation_fraction=params["validation_fraction"],
            random_state=params["random_state"],
        )
        self._start = self._state()

    def train(self, callbacks: Sequence[Callback]) -> Outcome:
        """Train, and once more with the rows that were held out."""
        telling = Telling(self._estimator, callbacks, self._settings.epochs)
        outcome = self._train(
            self._data, on_epoch=telling.on_epoch, on_step=telling.on_step
        )
        was_judged = len(self._data.held_out) > 0 and outcome.interrupted_in is None
        if not (self._estimator.refit and was_judged):
            return outcome
        self._model.load_state_dict(self._start)
        again = self._train(
            self._data.with_all(),
            n_epochs=outcome.best_epoch,
            on_epoch=lambda row: None,
            on_step=lambda done, total: None,
        )
        return Outcome(outcome.best_epoch, again.interrupted_in)

    def finish(self, outcome: Outcome) -> None:
        """Give the estimator what was found."""
        self._estimator.best_epoch_ = outcome.best_epoch
        self._estimator.interrupted_ = outcome.interrupted_in is not None
        self._estimator.networks_ = TrainedNetworks(
            self._model, self._targets.mean, self._targets.scale
        )

    def _train(self, data: TrainingData, **options: Any) -> Outcome:
        model, settings = self._model, self._settings
        depths = dict.fromkeys(model.pretrained, 1)
        given = (model, self._task, self._inputs, data, settings)
        with fast_on_cpu(model, settings):
            return train(*given, depths=depths, **options)

    def _state(self) -> dict[str, Tensor]:
        return {name: v.clone() for name, v in self._model.state_dict().items()}
