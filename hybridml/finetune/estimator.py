"""What the fine-tuning estimators have in common: parameters, and how they fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted
from torch import nn

from hybridml._image_input import ImageInput
from hybridml.features.store import FeatureStore
from hybridml.finetune.fitting import find_rate_of, fit_network
from hybridml.finetune.learning.targets import Targets
from hybridml.finetune.parameters import check_parameters
from hybridml.finetune.saving import load_estimator, save_estimator
from hybridml.finetune.training.rate_finder import RateCurve
from hybridml.finetune.tuned_network import TunedNetwork
from hybridml.finetune.watching.callbacks import Callback
from hybridml.finetune.watching.diagnosis import diagnose
from hybridml.finetune.watching.telling import told_of_fit
from hybridml.images.door import as_images
from hybridml.images.policies import Augmentation
from hybridml.report.history_plot import plot_history

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PREDICT_BATCH = 64


# A dataclass for its constructor alone: it stores the parameters, and nothing else.
@dataclass(eq=False, repr=False)
class FineTuneEstimator(ImageInput, BaseEstimator, ABC):
    """Base of the fine-tuning estimators; see `FineTuneClassifier`."""

    backbone: str | nn.Module = "efficientnet_lite0"
    _: KW_ONLY
    trainable: str = "all"
    weights: str | Path | None = "default"
    image_size: int | None = None
    in_channels: int = 3
    pooling: str = "mean"
    epochs: str | int = "auto"
    batch_size: int = 32
    optimizer: str = "adamw"
    learning_rate: str | float = "auto"
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    l2_sp: float = 0.0
    l1_head: float = 0.0
    max_gradient_norm: float | None = 1.0
    dropout: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    ema_decay: float | None = None
    gradual_unfreezing: bool = False
    augmentation: Augmentation = "standard"
    n_views: str | int = "auto"
    prefix_cache: bool = True
    test_views: int = 1
    validation_fraction: float = 0.1
    patience: str | int | None = "auto"
    refit: str | bool = "auto"
    device: str = "auto"
    precision: str = "auto"
    store: str | Path | FeatureStore | None = "default"
    checkpoint: str | Path | None = None
    callbacks: Sequence[Callback] = ()
    random_state: int = 0
    n_jobs: int | None = None
    n_workers: int = 1
    verbose: int = 0

    def _images(self, X: Any) -> npt.NDArray[Any]:
        check_parameters(self.get_params(deep=False), owner=type(self).__name__)
        return as_images(X, channels=self.in_channels)

    def _fit(self, images: npt.NDArray[Any], targets: Targets) -> Self:
        self.__dict__.pop("tuned_", None)  # a fit that fails leaves nothing half new
        with told_of_fit(self) as callbacks:
            fit = fit_network if self.n_workers == 1 else _fit_on_ray()
            fit(self, images, targets, callbacks)
        return self

    def outputs(self, X: Any) -> npt.NDArray[np.float64]:
        """Compute what the network gives, (n_images, n_outputs), before any softmax.

        Where `test_views` is above 1, the mean over the views of each image.
        """
        check_is_fitted(self, "tuned_")
        tuned: TunedNetwork = self.tuned_
        images = as_images(X, channels=self.in_channels)
        return tuned.outputs(
            images,
            n_views=self.test_views,
            batch_size=_PREDICT_BATCH,
            n_jobs=self.n_jobs,
        )

    def find_learning_rate(
        self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None
    ) -> RateCurve:
        """Train for some steps at rising rates, and see where the loss falls fastest.

        Neither the estimator nor its parameters change. The test tells most from
        scratch: a probe's loss is low from the start and falls at almost any rate, so
        look at the curve, and stay well below the rate at which it rises.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        curve : RateCurve
            Its `suggestion` is a value for `learning_rate`; `plot()` shows it.

        References
        ----------
        L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017,
        section 3.3 (the range test).
        """
        trial = clone(self)
        images = trial._images(X)
        targets = trial._targets(y, len(images), sample_weight)
        return find_rate_of(trial, images, targets)

    def plot_history(self) -> Figure:
        """Draw the losses and scores of the epochs, under what `diagnose` says of them.

        Returns
        -------
        figure : matplotlib.figure.Figure
        """
        check_is_fitted(self, "tuned_")
        found = diagnose(self.history_)
        return plot_history(
            self.history_,
            best_epoch=self.best_epoch_,
            start="start" if self.weights is None else "probe",
            title=f"{found.verdict}: {found.evidence[0]}",
        )

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to a folder, without any code.

        The weights go to ``weights.safetensors``, parameters and fitted attributes to
        ``estimator.json``. Callbacks, and augmentations that are no names, are left
        out.

        Parameters
        ----------
        path : str or Path
            Folder; made if absent. What was saved there before is replaced.

        Raises
        ------
        InvalidParameterError
            If the backbone is a module of one's own, which is code.
        """
        save_estimator(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a fitted estimator that `save` wrote; nothing in the files is run.

        Raises
        ------
        DataError
            If there is none, or one of another class.
        WeightsError
            If the weights do not fit the backbone of this name.
        """
        return load_estimator(cls, path)

    @abstractmethod
    def _targets(
        self, y: Any, n_images: int, sample_weight: npt.ArrayLike | None
    ) -> Targets:
        """Check labels or numbers, and turn them into what is learned."""


def _fit_on_ray() -> Callable[..., None]:
    from hybridml.finetune.parallel.ray_fit import fit_on_ray

    return fit_on_ray
