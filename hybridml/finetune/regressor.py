"""Fine-tuning, or training from scratch, as a scikit-learn regressor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from hybridml._labels import check_numbers
from hybridml.finetune.estimator import FineTuneEstimator
from hybridml.finetune.feeding.training_data import weigh_images
from hybridml.finetune.learning.targets import Targets, number_targets


@dataclass(eq=False, repr=False)
class FineTuneRegressor(RegressorMixin, FineTuneEstimator):
    """Fine-tune a pretrained network to predict numbers, or train one from scratch.

    It learns as `FineTuneClassifier` does, and has the same parameters but for
    `class_weight` and `label_smoothing`: the new head starts as the ridge regression of
    the frozen features, and the state with the least held-out squared error is kept.
    Several numbers an image are learned together, each standardised by its own mean and
    deviation.

    Parameters
    ----------
    backbone, trainable, weights, image_size, in_channels, pooling
        The network, and which part of it learns; see `FineTuneClassifier`, as for all
        the others.
    epochs, batch_size, optimizer, learning_rate, layer_decay
        How fast it learns, and how long.
    weight_decay, l2_sp, l1_head, max_gradient_norm, dropout, mixup, cutmix, ema_decay
        What holds the weights back.
    gradual_unfreezing : bool, default=False
    augmentation, n_views, prefix_cache, test_views
        How images are varied; think of the numbers: a flip leaves a count alone, but
        not a direction.
    validation_fraction, patience, refit
        By which images the epoch is chosen.
    device, precision, store, checkpoint, callbacks, random_state
        Where it runs, and who is told.
    n_jobs, n_workers, verbose
        In how many threads and processes it runs.

    Attributes
    ----------
    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss (squared errors of the
        standardised numbers), valid_r2, seconds.
    n_epochs_ : int
        Epochs planned; fewer are run where patience runs out.
    best_epoch_ : int
        Epoch whose state was kept; 0 is the ridge regression.
    interrupted_ : bool
        Whether ctrl-C ended training.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> brightness = np.linspace(20, 200, 24)
    >>> noise = rng.integers(0, 50, (24, 32, 32, 3))
    >>> X = (brightness[:, None, None, None] + noise).astype(np.uint8)
    >>> model = FineTuneRegressor("lenet5", weights=None, augmentation="none")
    >>> bool(model.fit(X, brightness).score(X, brightness) > 0.8)
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,) or (n_images, n_targets)
        sample_weight : array-like of shape (n_images,) or None

        Returns
        -------
        self : FineTuneRegressor

        Raises
        ------
        InvalidParameterError, UnknownBackboneError, UnknownCutLayerError, WeightsError
            If a parameter is wrong.
        DataError
            If images, numbers and weights do not fit together, or an image cannot be
            decoded.
        DivergedError
            If the loss is no longer a finite number. The state before that, the best
            one, is kept, and predicts.
        """
        images = self._images(X)
        return self._fit(images, self._targets(y, len(images), sample_weight))

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Predict the numbers of each image, in the shape of `y` in fit."""
        outputs = self.outputs(X)
        return outputs if self.multioutput_ else outputs[:, 0]

    def _targets(
        self, y: Any, n_images: int, sample_weight: npt.ArrayLike | None
    ) -> Targets:
        numbers = check_numbers(y, n_images)
        self.multioutput_ = numbers.ndim == 2
        weights = weigh_images(numbers, None, sample_weight)
        return number_targets(numbers.reshape(len(numbers), -1), weights)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
