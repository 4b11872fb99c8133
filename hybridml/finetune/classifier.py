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
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.utils import Tags
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import Problems, is_count, is_number
from hybridml._labels import check_labels
from hybridml.backbones.cutting import cut_at
from hybridml.backbones.network import Network, load_network
from hybridml.features.extraction import Request, extract
from hybridml.features.store import FeatureStore, open_store
from hybridml.finetune.callbacks import Callback
from hybridml.finetune.freezing import freeze_all_but
from hybridml.finetune.loop import Model, Settings, TrainingData, train
from hybridml.finetune.pixels import Pixels
from hybridml.finetune.probe import LinearHead, choose_probe, fit_probe
from hybridml.finetune.tuned_network import TunedNetwork, tuned
from hybridml.images.augment import POLICIES
from hybridml.images.door import as_images

_PREDICT_BATCH = 64
_MIN_HELD_OUT_PER_CLASS = 4


class FineTuneClassifier(ClassifierMixin, BaseEstimator):
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
        What learns: everything; the last stage with parameters and the new head; the
        new head alone; or everything behind a cut layer.
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
        Nothing is held out where a class has fewer than 4 images.
    patience : int or None, default=5
        Epochs without improvement after which training stops.
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
        patience: int | None = 5,
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
            If images and labels do not fit together, or an image cannot be decoded.
        DivergedError
            If the loss is no longer a finite number.
        """
        images = as_images(X)
        labels = check_labels(y, len(images))
        self._validate()
        network = self._load()
        self.classes_, targets = np.unique(labels, return_inverse=True)
        weights = compute_sample_weight(self.class_weight, labels)
        if sample_weight is not None:
            weights = weights * np.asarray(sample_weight, dtype=float)
        train_part, held_out = self._hold_out(targets)
        data = TrainingData(
            Pixels(images, network.preprocessing, n_threads=self.n_jobs),
            torch.from_numpy(targets.astype(np.int64)),
            torch.from_numpy(weights.astype(np.float32)),
            train_part,
            held_out,
            network.preprocessing,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
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
            as_images(X), batch_size=_PREDICT_BATCH, n_threads=self.n_jobs
        )

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Most probable class of each image, of shape (n_images,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags

    def _fit_network(
        self, images: npt.NDArray[Any], network: Network, data: TrainingData
    ) -> None:
        module = network.trainable_copy()
        freeze_all_but(module, network.backbone, self.trainable)
        penultimate = network.backbone.stages[-2]
        n_features = network.n_features(penultimate, "mean")
        head = torch.nn.Linear(n_features, len(self.classes_))
        probe = self._start_from_probe(head, images, network, data)
        trunk = cut_at(module, (penultimate,))
        model = Model(trunk, penultimate.node, head, self.dropout)
        model.to(network.device, memory_format=torch.channels_last)
        rows: list[dict[str, float]] = []

        def on_epoch(metrics: dict[str, float]) -> None:
            rows.append(metrics)
            self.history_ = pd.DataFrame(rows).astype({"epoch": int})
            for callback in self.callbacks:
                callback.on_epoch_end(self, metrics)

        settings = self._settings(network)
        for callback in self.callbacks:
            callback.on_fit_begin(self)
        generator = torch.Generator().manual_seed(self.random_state)
        self.best_epoch_ = train(
            model, data, settings, generator=generator, on_epoch=on_epoch
        )
        learned = LinearHead(
            head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy()
        )
        final = tuned(
            self.backbone,
            module.cpu(),
            network.preprocessing,
            self.device,
            self.precision,
        )
        if self.best_epoch_ == 0 and probe is not None:
            learned = probe
        self.tuned_ = TunedNetwork(final, learned, self.precision)
        for callback in self.callbacks:
            callback.on_fit_end(self)

    def _start_from_probe(
        self,
        head: torch.nn.Linear,
        images: npt.NDArray[Any],
        network: Network,
        data: TrainingData,
    ) -> LinearHead | None:
        """Copy a probe of the training part into the head; return one of all images."""
        if self.weights is None:
            return None
        request = Request(network, network.backbone.stages[-2], "mean")
        store, threads = open_store(self.store), self.n_jobs
        features = extract(images, request, store=store, n_threads=threads)
        targets, weights = data.targets.numpy(), data.weights.numpy().astype(float)
        probe, strength = choose_probe(
            features, targets, data.train, data.held_out, sample_weight=weights
        )
        with torch.no_grad():
            head.weight.copy_(torch.from_numpy(probe.weight))
            head.bias.copy_(torch.from_numpy(probe.bias))
        return fit_probe(features, targets, weights, strength)

    def _hold_out(
        self, targets: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        everything = np.arange(len(targets))
        fewest, n_classes = np.bincount(targets).min(), targets.max() + 1
        if self.validation_fraction == 0 or fewest < _MIN_HELD_OUT_PER_CLASS:
            return everything, everything[:0]
        n_held_out = max(n_classes, round(len(targets) * self.validation_fraction))
        splitter = StratifiedShuffleSplit(
            1, test_size=int(n_held_out), random_state=self.random_state
        )
        return next(splitter.split(everything, targets))

    def _load(self) -> Network:
        return load_network(
            self.backbone,
            weights=self.weights,
            image_size=self.image_size,
            device=self.device,
            precision=self.precision,
            random_state=self.random_state,
        )

    def _settings(self, network: Network) -> Settings:
        scratch = self.weights is None
        self.n_epochs_ = planned_epochs(self.epochs, scratch=scratch)
        rate = (1e-3 if scratch else 1e-4) if self.learning_rate == "auto" else None
        return Settings(
            epochs=self.n_epochs_,
            batch_size=self.batch_size,
            learning_rate=float(self.learning_rate) if rate is None else rate,
            head_factor=1.0 if scratch else 10.0,
            bias_factor=1.0 if scratch else 20.0,
            weight_decay=self.weight_decay,
            label_smoothing=self.label_smoothing,
            augmentation=self.augmentation,
            patience=self.patience,
            batch_norm_learns=scratch,
            device=network.device,
            autocast=network.precision == "bf16",
        )

    def _validate(self) -> None:
        problems = Problems(type(self).__name__)
        expect = problems.expect
        size, epochs, rate = self.image_size, self.epochs, self.learning_rate
        is_size = size is None or is_count(size)
        expect(is_size, "image_size", size, "None or a positive number of pixels")
        is_epochs = epochs == "auto" or is_count(epochs, minimum=0)
        expect(is_epochs, "epochs", epochs, "'auto' or a whole number >= 0")
        is_batch = is_count(self.batch_size)
        expect(is_batch, "batch_size", self.batch_size, "a positive whole number")
        is_rate = rate == "auto" or (is_number(rate) and float(rate) > 0)
        expect(is_rate, "learning_rate", rate, "'auto' or a number > 0")
        for name, high in (
            ("weight_decay", float("inf")),
            ("label_smoothing", 1.0),
            ("dropout", 0.99),
            ("validation_fraction", 0.9),
        ):
            value = getattr(self, name)
            expect(is_number(value, high=high), name, value, f"from 0 to {high}")
        known = ", ".join(repr(name) for name in POLICIES)
        is_policy = self.augmentation in POLICIES
        expect(is_policy, "augmentation", self.augmentation, f"one of {known}")
        is_patience = self.patience is None or is_count(self.patience)
        expect(is_patience, "patience", self.patience, "None or a positive number")
        is_seed = is_count(self.random_state, minimum=0)
        expect(is_seed, "random_state", self.random_state, "a whole number >= 0")
        problems.raise_all()


def planned_epochs(epochs: str | int, *, scratch: bool) -> int:
    """Resolve the parameter `epochs`: "auto" is 5, or 20 from scratch."""
    if epochs == "auto":
        return 20 if scratch else 5
    return int(epochs)
