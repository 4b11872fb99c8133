"""Fine-tuning, or training from scratch, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from hybridml._image_input import ImageInput
from hybridml._labels import check_labels
from hybridml._progress import image_progress
from hybridml.backbones.loading import network_of
from hybridml.backbones.network import Network
from hybridml.features.choosing import open_store
from hybridml.features.extraction import extract
from hybridml.features.request import make_request
from hybridml.features.store import FeatureStore
from hybridml.finetune.callbacks import Callback
from hybridml.finetune.epoch_printer import EpochPrinter
from hybridml.finetune.freezing import freeze_all_but
from hybridml.finetune.loop import train
from hybridml.finetune.mixed_precision import float32_where_faster
from hybridml.finetune.model import Model, assemble, start_from_probe
from hybridml.finetune.parameters import check_parameters, make_settings
from hybridml.finetune.pixels import Pixels
from hybridml.finetune.probe import LinearHead
from hybridml.finetune.seeding import seeded
from hybridml.finetune.training_data import (
    TrainingData,
    prepare_training,
    weigh_images,
)
from hybridml.finetune.tuned_network import TunedNetwork
from hybridml.images.door import as_images

_PREDICT_BATCH = 64


class FineTuneClassifier(ImageInput, ClassifierMixin, BaseEstimator):
    """Fine-tune a pretrained network, or train one from scratch.

    With pretrained weights the new head starts from the linear probe of the frozen
    features (LP-FT), a part of the training images is held out, and the state with the
    least held-out loss is kept, the state before any fine-tuning included: when no
    epoch improves on the probe, the probe, refitted on all the images, is the result.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `list_backbones()`.
    trainable : {"all", "last2", "head"} or str, default="all"
        What learns: everything; the last stage with a layer in it and the new head;
        the new head alone; or everything behind a cut layer.
    weights : "default", name, path, URL or None, default="default"
        What to start from; None trains from scratch.
    image_size : int or None, default=None
        Side of the square input in pixels; None for that of the weights.
    epochs : "auto" or int, default="auto"
        "auto" is 5 from pretrained weights, 20 from scratch.
    batch_size : int, default=32
        Images per step.
    learning_rate : "auto" or float, default="auto"
        Of the trunk, AdamW; "auto" is 1e-4 from pretrained weights, 1e-3 from scratch.
        From pretrained weights the head learns 10 times as fast, its bias 20 times.
    weight_decay : float, default=0.01
        Not applied to biases and norms.
    label_smoothing : float, default=0.0
    dropout : float, default=0.0
        Before the head.
    augmentation : {"none", "light", "standard", "strong"}, default="standard"
        "light" shifts and scales, "standard" also flips and changes the light,
        "strong" also turns and erases.
    class_weight : "balanced", dict or None, default=None
    validation_fraction : float, default=0.1
        Part of the training images held out to choose the epoch; 0 keeps the last.
        At least one image of each class is held out, but none at all where a class
        has fewer than 4.
    patience : "auto", int or None, default="auto"
        Epochs without improvement after which training stops; "auto" is 5 from
        pretrained weights, and never (None) from scratch.
    device : str, default="auto"
    precision : {"auto", "bf16", "fp32"}, default="auto"
        Of the arithmetic; the weights are kept in float32.
    store : "default", path, FeatureStore or None, default="default"
        Where the probe's features are kept.
    callbacks : sequence of Callback, default=()
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads that decode; None for one a core.
    verbose : int, default=0
        Above 0, prints each epoch on stderr.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss, valid_accuracy, seconds.
    n_epochs_ : int
        Epochs planned; fewer are run where patience runs out.
    best_epoch_ : int
        Epoch whose state was kept; 0 is the probe.

    Notes
    -----
    Batch norms of pretrained networks keep their statistics. Pixels are decoded once
    and kept in memory up to 4 GiB.

    References
    ----------
    A. Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform
    Out-of-Distribution", ICLR 2022 (linear probing, then fine-tuning).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 8, 32, 32, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 8 + ["light"] * 8
    >>> model = FineTuneClassifier("lenet5", weights=None, augmentation="none")
    >>> model.fit(X, y).predict(X[[0, -1]])
    array(['dark', 'light'], dtype='<U5')
    """

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        *,
        trainable: str = "all",
        weights: str | Path | None = "default",
        image_size: int | None = None,
        epochs: str | int = "auto",
        batch_size: int = 32,
        learning_rate: str | float = "auto",
        weight_decay: float = 0.01,
        label_smoothing: float = 0.0,
        dropout: float = 0.0,
        augmentation: str = "standard",
        class_weight: str | Mapping[Any, float] | None = None,
        validation_fraction: float = 0.1,
        patience: str | int | None = "auto",
        device: str = "auto",
        precision: str = "auto",
        store: str | Path | FeatureStore | None = "default",
        callbacks: Sequence[Callback] = (),
        random_state: int = 0,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.trainable = trainable
        self.weights = weights
        self.image_size = image_size
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.augmentation = augmentation
        self.class_weight = class_weight
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.device = device
        self.precision = precision
        self.store = store
        self.callbacks = callbacks
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None
    ) -> FineTuneClassifier:
        """Train the network.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,)
        sample_weight : array-like of shape (n_images,) or None

        Returns
        -------
        self : FineTuneClassifier

        Raises
        ------
        InvalidParameterError, UnknownBackboneError, UnknownCutLayerError, WeightsError
            If a parameter is wrong.
        DataError
            If images, labels and weights do not fit together, or an image cannot be
            decoded.
        DivergedError
            If the loss is no longer a finite number.
        """
        params = self.get_params(deep=False)
        check_parameters(params, owner=type(self).__name__)
        images = as_images(X)
        labels = check_labels(y, len(images))
        weights = weigh_images(labels, self.class_weight, sample_weight)
        network = network_of(self)
        self.__dict__.pop("tuned_", None)  # a fit that fails leaves nothing half new
        self.classes_, targets = np.unique(labels, return_inverse=True)
        data = prepare_training(
            Pixels(images, network.preprocessing, n_jobs=self.n_jobs),
            network.preprocessing,
            targets,
            weights,
            validation_fraction=self.validation_fraction,
            random_state=self.random_state,
        )
        with seeded(self.random_state, network.device):
            self._fit_network(images, network, data)
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Class probabilities.

        Returns
        -------
        proba : ndarray of shape (n_images, n_classes), float32
            Columns in the order of `classes_`.
        """
        check_is_fitted(self, "tuned_")
        return self.tuned_.predict_proba(
            as_images(X), batch_size=_PREDICT_BATCH, n_jobs=self.n_jobs
        )

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Most probable class of each image, of shape (n_images,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _fit_network(
        self, images: npt.NDArray[Any], network: Network, data: TrainingData
    ) -> None:
        module = network.trainable_copy()
        freeze_all_but(module, network.backbone, self.trainable)
        model = assemble(module, network, len(self.classes_), self.dropout)
        probe = None
        if self.weights is not None:
            probe = start_from_probe(model.head, self._probed(images, network), data)
        self.best_epoch_ = self._train(model.on(network.device), network, data)
        learned = LinearHead.of(model.head)
        self.tuned_ = TunedNetwork(
            network.backbone,
            module.cpu(),
            network.preprocessing,
            probe if probe is not None and self.best_epoch_ == 0 else learned,
            device=self.device,
            precision=self.precision,
        )
        for callback in self._callbacks():
            callback.on_fit_end(self)

    def _probed(
        self, images: npt.NDArray[Any], network: Network
    ) -> npt.NDArray[np.float32]:
        """Features of the frozen network, for the probe."""
        request = make_request(network, "penultimate", "mean")
        with image_progress(len(images), "probe", shown=self.verbose > 0) as tick:
            return extract(
                images,
                request,
                store=open_store(self.store),
                n_jobs=self.n_jobs,
                on_progress=tick,
            )

    def _train(self, model: Model, network: Network, data: TrainingData) -> int:
        """Run the epochs, tell the callbacks of each, and return the best one."""
        settings = make_settings(self.get_params(deep=False), network)
        self.n_epochs_ = settings.epochs
        rows: list[dict[str, float]] = []
        callbacks = self._callbacks()

        def on_epoch(metrics: dict[str, float]) -> None:
            rows.append(metrics)
            self.history_ = pd.DataFrame(rows).astype({"epoch": int})
            for callback in callbacks:
                callback.on_epoch_end(self, metrics)

        for callback in callbacks:
            callback.on_fit_begin(self)
        generator = torch.Generator().manual_seed(self.random_state)
        with float32_where_faster(model, applies=settings.autocast_on_cpu):
            return train(model, data, settings, generator=generator, on_epoch=on_epoch)

    def _callbacks(self) -> list[Callback]:
        return [*self.callbacks, *([EpochPrinter()] if self.verbose > 0 else [])]
