"""What is heard, where `fit` was called, of a training in several processes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
from safetensors.torch import load

from hybridml.backbones.network import Network
from hybridml.exceptions import HybridMLError, ImageDecodeError
from hybridml.finetune.identity import identify
from hybridml.finetune.learning.targets import Targets
from hybridml.finetune.parallel.job import PARTS
from hybridml.finetune.parallel.keeper import News
from hybridml.finetune.parallel.packing import pack, unpack
from hybridml.finetune.training.checkpoint import Checkpoint
from hybridml.finetune.tuned_network import TunedNetwork
from hybridml.finetune.watching.callbacks import Callback
from hybridml.finetune.watching.telling import Telling
from hybridml.images.failures import raise_bad_images

if TYPE_CHECKING:
    from hybridml.finetune.estimator import FineTuneEstimator

_LOOK_EVERY_S = 0.2
_STACKLEVEL = 7  # at the call of fit


class Following:
    """Tells callbacks, keeps checkpoints, and gives an estimator what was found.

    Parameters
    ----------
    estimator : FineTuneEstimator
    network : Network
        As it is before the training, wherever it runs.
    images : ndarray of shape (n_images, ...)
    targets : Targets
    callbacks : sequence of Callback
    """

    def __init__(
        self,
        estimator: FineTuneEstimator,
        network: Network,
        images: npt.NDArray[Any],
        targets: Targets,
        callbacks: Sequence[Callback],
    ) -> None:
        self._estimator, self._images = estimator, images
        self._callbacks = callbacks
        self._telling: Telling | None = None
        self._last_epoch = -1
        self._n_heard = 0
        self._warned: set[str] = set()
        self._checkpoints = _checkpoints(estimator, network, images, targets)

    def kept(self) -> dict[str, bytes]:
        """Give the states that an earlier fit left in the folder `checkpoint`."""
        states = {part: kept.load() for part, kept in self._checkpoints.items()}
        return {part: pack(s) for part, s in states.items() if s is not None}

    def follow(self, ray: Any, run: Any, keeper: Any) -> None:
        """Listen until the training has ended.

        Ctrl-C ends it, and keeps the best state so far; if it has not begun, or at the
        second time, it is given up.
        """
        reason: Exception | None = None
        result = None
        try:
            while not self._is_over(ray, run, keeper):
                pass
            ray.get(run)
            result = ray.get(keeper.result.remote())
        except ray.exceptions.RayError as exc:
            reason = exc
        if result is None:
            raise HybridMLError(
                f"The processes of the training are lost: {reason or 'ended early'}\n"
                "With a folder as `checkpoint`, the same fit goes on from the last "
                "state."
            ) from reason
        self._finish(*ray.cloudpickle.loads(result))

    def _is_over(self, ray: Any, run: Any, keeper: Any) -> bool:
        """Wait for a moment, and hear what there is."""
        try:
            is_over = bool(ray.wait([run], timeout=_LOOK_EVERY_S)[0])
            news, error = ray.get(keeper.news.remote(self._n_heard))
            for one in news:
                self._n_heard += 1
                self._hear(ray, keeper, one)
        except KeyboardInterrupt:
            if self._telling is None or ray.get(keeper.is_to_stop.remote()):
                raise
            ray.get(keeper.stop.remote())
            return False
        if isinstance(error, ImageDecodeError):  # it was raised beside a part of them
            raise_bad_images(error.failures, self._images)
        if error is not None:
            raise error
        return is_over

    def _hear(self, ray: Any, keeper: Any, news: News) -> None:
        name, value = news
        if name == "begin" and self._telling is None:
            self._telling = Telling(self._estimator, self._callbacks, value)
        elif name == "warning" and value[0] not in self._warned:
            text, category = value
            self._warned.add(text)
            warnings.warn(text, category, stacklevel=_STACKLEVEL)
        elif name == "saved" and value in self._checkpoints:
            state = ray.get(keeper.load.remote(value))
            self._checkpoints[value].save(unpack(state))
        elif self._telling is not None:
            self._tell(self._telling, name, value)

    def _tell(self, telling: Telling, name: str, value: Any) -> None:
        if name == "step":
            telling.on_step(*value)
        elif name == "epoch" and value["epoch"] > self._last_epoch:  # not once more
            self._last_epoch = value["epoch"]
            telling.on_epoch(value)

    def _finish(self, found: dict[str, Any], error: Exception | None) -> None:
        estimator, tuned = self._estimator, found.pop("tuned_")
        for name, value in found.items():
            setattr(estimator, name, value)
        asked = {"device": estimator.device, "precision": estimator.precision}
        estimator.tuned_ = TunedNetwork.restore(
            {**tuned["description"], **asked}, load(tuned["tensors"])
        )
        if error is not None:
            raise error


def _checkpoints(
    estimator: FineTuneEstimator,
    network: Network,
    images: npt.NDArray[Any],
    targets: Targets,
) -> Mapping[str, Checkpoint]:
    """Say where each part is kept on disk; nowhere, if the estimator does not ask."""
    folder = estimator.checkpoint
    if folder is None:
        return {}
    identity = identify(estimator, network, images, targets)
    return {part: Checkpoint(folder, {**identity, "part": part}) for part in PARTS}
