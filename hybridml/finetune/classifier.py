"""Fine-tuning, or training from scratch, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from hybridml._checks import describe
from hybridml._labels import check_label_table, check_labels, is_label_table
from hybridml.exceptions import InvalidParameterError
from hybridml.finetune.estimator import FineTuneEstimator
from hybridml.finetune.feeding.training_data import weigh_images
from hybridml.finetune.learning.targets import Targets, class_targets, label_targets


@dataclass(eq=False, repr=False)
class FineTuneClassifier(ClassifierMixin, FineTuneEstimator):
    """Fine-tune a pretrained network, or train one from scratch.

    With pretrained weights the new head starts from the linear probe of the frozen
    features (LP-FT) [1]_, a part of the training images is held out, and the state with
    the least held-out loss is kept. Where that is no better than the probe's by more
    than its standard error, the result is the probe, refitted on all the images.
    What the frozen layers give is computed once for each image (and for each of its
    random variations) and kept on disk, so that an epoch runs only the layers that
    learn.

    Parameters
    ----------
    backbone : str or nn.Module, default="efficientnet_lite0"
        One of `list_backbones()`, or a network of your own.
    trainable : {"all", "last2", "head"} or str, default="all"
        What learns: everything; the last stage with a layer in it and the new head;
        the new head alone; or everything behind a cut layer.
    weights : "default", name, path, URL or None, default="default"
        What to start from; None trains from scratch. Where the weights end before the
        last features, the head sits on the deepest stage that they cover.
    image_size : int or None, default=None
        Side of the square input in pixels; None for that of the weights.
    in_channels : int, default=3
        See `DeepFeatureExtractor`.
    pooling : str, default="mean"
        How maps become features, where the head sits on maps; see
        `DeepFeatureExtractor`.
    epochs : "auto" or int, default="auto"
        "auto" is 5 from pretrained weights, 20 from scratch.
    batch_size : int, default=32
        Images per step. Where the memory does not hold so many, their gradients are
        summed in parts.
    optimizer : {"adamw", "sgd"}, default="adamw"
        SGD has Nesterov momentum of 0.9.
    learning_rate : "auto" or float, default="auto"
        Of the trunk; "auto" is 1e-4 from pretrained weights, 1e-3 from scratch, and ten
        times as much with SGD. From pretrained weights the head learns 10 times as
        fast, its bias 20 times. It rises for a tenth of the steps and falls along half
        a cosine; see `find_learning_rate`.
    layer_decay : float, default=1.0
        Stages learn the slower the further they are from the head: each by this factor
        [2]_.
    weight_decay : float, default=0.01
        Not applied to biases and norms.
    l2_sp : float, default=0.0
        Strength of the pull to the pretrained weights [3]_, instead of weight decay.
    l1_head : float, default=0.0
        Strength of the pull of the head's weights to zero.
    max_gradient_norm : float or None, default=1.0
        Longer gradients are shortened to it.
    dropout : float, default=0.0
        Before the head.
    mixup, cutmix : float, default=0.0
        Images of a batch are mixed, in a share drawn from Beta(a, a) [4]_ [5]_. Behind
        frozen layers it is their output that is mixed.
    ema_decay : float or None, default=None
        Judge and keep the moving average of the weights instead of the last ones.
    gradual_unfreezing : bool, default=False
        Let the head learn first, then one stage more in each epoch [2]_.
    augmentation : str, AugmentationPolicy or transform, default="standard"
        How images are varied. "none"; "light" shifts and scales; "standard" also flips
        and changes the light; "strong" also turns, shears, distorts, tints, adds noise
        and erases; or any transform of `torchvision.transforms.v2`.
        `hybridml.finetune.plot_augmentations` shows what it does.
    n_views : "auto" or int, default="auto"
        How many variations of each image are sent through the frozen layers, to be
        used in turn; "auto" is 4. Without frozen layers each epoch has its own.
    prefix_cache : bool, default=True
        Keep what the frozen layers give: on the disk of the store, as long as `fit`
        runs. False runs them in each epoch.
    test_views : int, default=1
        From 1 to 10: predict the mean over the centre crop, its mirror image, and those
        of the corners.
    validation_fraction : float, default=0.1
        Part of the training images held out to choose the epoch; 0 keeps the last.
        At least one image of each class is held out, but none at all where a class
        has fewer than 4.
    patience : "auto", int or None, default="auto"
        Epochs without improvement after which training stops; "auto" is 5 from
        pretrained weights, and never (None) from scratch.
    refit : "auto" or bool, default="auto"
        Whether to train once more on all the images, those held out included, for as
        many epochs as proved best; "auto" does so where layers are frozen, whose output
        is kept: it is cheap then.
    device : str, default="auto"
    precision : {"auto", "bf16", "fp32"}, default="auto"
        Of the arithmetic; the weights are kept in float32.
    store : "default", path, FeatureStore or None, default="default"
        Where the probe's features are kept.
    checkpoint : str, Path or None, default=None
        Folder in which the training is kept while it goes on, after each epoch and each
        minute: the same `fit`, called again after a kill, goes on and ends with the
        very weights of one that was not killed. Other fits have files of their own.
    callbacks : sequence of Callback, default=()
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads that decode; None for one a core.
    n_workers : int, default=1
        Processes that train, each with its part of the images; above 1 they are started
        by Ray Train (``pip install "hybridml[ray]"``): on the cluster that this process
        is connected to, or that of RAY_ADDRESS, else on this machine. Batches stay as
        large as `batch_size`, the gradients of the parts being added up. A process that
        dies costs at most a minute of training: all begin again from the last state.
        Files, `weights` included, must lie where each process can read them. Without
        `n_jobs` each has an equal part of the cores; with device="auto" each has a GPU
        if there are enough.
    verbose : int, default=0
        Above 0, shows the epochs on stderr.
    label_smoothing : float, default=0.0
    class_weight : "balanced", dict or None, default=None

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of ndarray
        With several labels an image, ``[0, 1]`` for each label: by this scikit-learn's
        scorers know that they are labels.
    multilabel_ : bool
        Whether `y` was a table with a column for each label.
    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss, valid_accuracy, seconds.
    n_epochs_ : int
        Epochs planned; fewer are run where patience runs out.
    best_epoch_ : int
        Epoch whose state was kept; 0 is the probe.
    interrupted_ : bool
        Whether ctrl-C ended training; the best state so far was kept.

    Notes
    -----
    Batch norms of pretrained networks keep their statistics. Pixels are decoded once
    and kept in memory up to 4 GiB.

    References
    ----------
    .. [1] A. Kumar et al., "Fine-Tuning can Distort Pretrained Features and
       Underperform Out-of-Distribution", ICLR 2022 (linear probing, then fine-tuning).
    .. [2] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text
       Classification", ACL 2018, section 3.
    .. [3] X. Li, Y. Grandvalet, F. Davoine, "Explicit Inductive Bias for Transfer
       Learning with Convolutional Networks", ICML 2018.
    .. [4] H. Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    .. [5] S. Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers
       with Localizable Features", ICCV 2019.

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

    _: KW_ONLY
    label_smoothing: float = 0.0
    class_weight: str | Mapping[Any, float] | None = None

    def fit(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,) or (n_images, n_labels)
            Classes; or several labels an image, as a table of 0 and 1.
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
            If the loss is no longer a finite number. The state before that, the best
            one, is kept, and predicts.
        """
        images = self._images(X)
        return self._fit(images, self._targets(y, len(images), sample_weight))

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Class probabilities.

        Returns
        -------
        proba : ndarray of shape (n_images, n_classes), float32
            Columns in the order of `classes_`. With several labels an image, the
            probability of each label.
        """
        outputs = self.outputs(X)
        proba = expit(outputs) if self.multilabel_ else softmax(outputs, axis=1)
        return np.asarray(proba, dtype=np.float32)

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Most probable class of each image, of shape (n_images,).

        With several labels an image, a table of 0 and 1 of shape (n_images, n_labels).
        """
        proba = self.predict_proba(X)
        if self.multilabel_:
            return (proba > 0.5).astype(int)
        return np.asarray(self.classes_[proba.argmax(axis=1)])

    def _targets(
        self, y: Any, n_images: int, sample_weight: npt.ArrayLike | None
    ) -> Targets:
        self.multilabel_ = is_label_table(y)
        if self.multilabel_:
            table = check_label_table(y, n_images)
            if self.class_weight is not None:
                expected = "None where images have several labels"
                cure = "Pass sample_weight to fit."
                message = describe("class_weight", self.class_weight, expected, cure)
                raise InvalidParameterError(message)
            weights = weigh_images(table, None, sample_weight)
            self.classes_: Any = [np.arange(2)] * table.shape[1]
            return label_targets(table, weights)
        labels = check_labels(y, n_images)
        weights = weigh_images(labels, self.class_weight, sample_weight)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        return class_targets(codes, weights)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
