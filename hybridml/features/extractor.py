"""The deep feature extractor: a cut network as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from hybridml._image_input import ImageInput
from hybridml._progress import image_progress
from hybridml.backbones.cut_layer import CutLayer
from hybridml.backbones.loading import network_of
from hybridml.backbones.network import Network
from hybridml.backbones.own_network import network_name
from hybridml.exceptions import DataError, WeightsError
from hybridml.features.choosing import open_store
from hybridml.features.extraction import (
    DEFAULT_BATCH_SIZE,
    extract_what_can_be_decoded,
    seconds_per_image,
)
from hybridml.features.out import open_out
from hybridml.features.parameters import check_parameters
from hybridml.features.request import Request, make_request
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.images.failures import raise_bad_images

if TYPE_CHECKING:
    from torch import nn


class DeepFeatureExtractor(ImageInput, TransformerMixin, BaseEstimator):
    """Features of images from a pretrained network cut at a chosen layer.

    `fit` learns nothing: it checks the parameters and loads the network, which is
    shared by all extractors of the process with the same configuration and is not
    pickled. `transform` works unfitted. An image already in the store is not computed
    again, whatever its cut layer: one pass stores all the declared stages.

    Parameters
    ----------
    backbone : str or nn.Module, default="efficientnet_lite0"
        One of `list_backbones()`, "timm:" and a name of the package timm, or a network
        of your own, with the weights that it has. The default needs no download.
    cut_layer : str, int, or list of them, default="penultimate"
        A stage of `list_cut_layers(backbone)`, any node of the network's graph, any of
        its modules, or the position of a stage (-1 are the logits, -2 is the
        penultimate). The features of several stand side by side, in the list's order.
    pooling : str, default="mean"
        How maps become one row; does not matter where the layer gives a vector. "mean",
        "max", or both as "mean_max"; "gem", a mean that leans to the largest; "grid2"
        and "grid4", the means of the cells of a 2 x 2 or 4 x 4 grid, which keep where
        things are; "flatten", everything; "class_token", of a vision transformer.
    weights : "default", name, path, URL or None, default="default"
        Published weights, a state dict (.pth, .safetensors), or None for random ones.
    image_size : int or None, default=None
        Side of the square input in pixels; None for that of the weights.
    in_channels : int, default=3
        Number of channels of the images. With 1, any image is taken by its luminance.
        Other numbers than 1 and 3 need arrays of shape (h, w, in_channels); the
        network's first convolution is widened by repeating its weights.
    device : str, default="auto"
        "auto" takes a GPU when there is one.
    precision : {"auto", "bf16", "fp32"}, default="auto"
        "auto" is bfloat16 where the hardware is faster in it and the network's features
        agree with those in float32 (cosine of at least 0.99).
    batch_size : "auto" or int, default="auto"
        How many images are computed and stored at a time; does not change the features.
    store : "default", path, FeatureStore or None, default="default"
        Where features are kept. With None nothing behind the cut is computed.
    on_bad_image : {"raise", "nan"}, default="raise"
        What becomes of an image that cannot be decoded: an error that names it, after
        the others are stored, or a row of NaN.
    random_state : int, default=0
        Seed of the random weights of ``weights=None``.
    n_jobs : int or None, default=None
        Threads; None for one a core. On a CPU each decodes and computes images of its
        own; for a GPU they decode. Does not change the features.
    verbose : int, default=0
        Above 0, a progress bar on stderr.

    Attributes
    ----------
    n_features_out_ : int
        Number of columns that `transform` gives.
    weights_digest_ : str
        Digest of the weights; `transform` refuses others after unpickling.
    precision_ : str
        What the network runs in: "bf16" or "fp32".
    device_ : str
        Where it runs.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 4, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 4 + ["light"] * 4
    >>> extractor = DeepFeatureExtractor(image_size=64, store=None)
    >>> model = make_pipeline(extractor, LogisticRegression()).fit(X, y)
    >>> model.predict(X[:1])
    array(['dark'], dtype='<U5')
    """

    def __init__(
        self,
        backbone: str | nn.Module = "efficientnet_lite0",
        *,
        cut_layer: CutLayer = "penultimate",
        pooling: str = "mean",
        weights: str | Path | None = "default",
        image_size: int | None = None,
        in_channels: int = 3,
        device: str = "auto",
        precision: str = "auto",
        batch_size: str | int = "auto",
        store: str | Path | FeatureStore | None = "default",
        on_bad_image: str = "raise",
        random_state: int = 0,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.cut_layer = cut_layer
        self.pooling = pooling
        self.weights = weights
        self.image_size = image_size
        self.in_channels = in_channels
        self.device = device
        self.precision = precision
        self.batch_size = batch_size
        self.store = store
        self.on_bad_image = on_bad_image
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> DeepFeatureExtractor:
        """Check the parameters and load the network; nothing is learned.

        Parameters
        ----------
        X : sequence of images
            Paths, bytes, PIL images or arrays; an (n, h, w[, c]) array; a Series or
            one-column DataFrame.
        y : ignored

        Returns
        -------
        self : DeepFeatureExtractor

        Raises
        ------
        InvalidParameterError, UnknownBackboneError, UnknownCutLayerError, WeightsError
            If a parameter is wrong.
        DataError
            If X holds no images.
        """
        if not len(self._images(X)):
            raise DataError("Found no images: X is empty; expected at least one.")
        request = self._request()
        self.n_features_out_ = request.n_features
        self.weights_digest_ = request.network.weights_digest
        self._fitted_with = self._weights_parameters()
        self.precision_ = request.network.precision
        self.device_ = str(request.network.device)
        return self

    def transform(
        self, X: Any, out: npt.NDArray[np.float32] | str | Path | None = None
    ) -> npt.NDArray[np.float32]:
        """Give the features of images.

        Parameters
        ----------
        X : sequence of n_images images
            As in `fit`.
        out : ndarray, path or None, default=None
            Where the features go: a writable float32 array of the result's shape, which
            may be a `numpy.memmap`; or the path of a .npy file, which is made, mapped
            into memory and returned, so that the features need not fit there.

        Returns
        -------
        features : ndarray of shape (n_images, n_features_out_), float32

        Raises
        ------
        ImageDecodeError
            If images cannot be decoded and ``on_bad_image="raise"``.
        InvalidParameterError
            If `out` cannot hold the features.
        WeightsError
            If the weights are not those of `fit`.
        """
        images = self._images(X)
        name, is_shown = network_name(self.backbone), self.verbose > 0
        with image_progress(len(images), name, shown=is_shown) as tick:
            features, failures = self.transform_with_failures(
                images, out=out, on_progress=tick
            )
        if self.on_bad_image == "raise":
            raise_bad_images(failures, images)
        return features

    def transform_with_failures(
        self,
        X: Any,
        *,
        out: npt.NDArray[np.float32] | str | Path | None = None,
        on_progress: Callable[[int], None] = lambda n_images: None,
    ) -> tuple[npt.NDArray[np.float32], dict[int, str]]:
        """Give the features of images, and say of the bad ones what is wrong with them.

        Parameters
        ----------
        X, out
            As in `transform`.
        on_progress : callable
            Called with the number of images done since the last call.

        Returns
        -------
        features : ndarray of shape (n_images, n_features_out_), float32
            NaN where an image cannot be decoded, whatever `on_bad_image` says.
        failures : dict of {int: str}
            Positions of those images, with the reasons.
        """
        images = self._images(X)
        request = self.request()
        return extract_what_can_be_decoded(
            images,
            request,
            store=open_store(self.store),
            batch_size=self._batch_size(),
            n_jobs=self.n_jobs,
            on_progress=on_progress,
            out=open_out(out, (len(images), request.n_features)),
        )

    def move_weights(self, path: Path) -> None:
        """Take the same weights from another place from now on.

        Parameters
        ----------
        path : Path
            A file of the weights that it was fitted with; `transform` refuses others.
        """
        self.weights = str(path)
        if hasattr(self, "weights_digest_"):
            self._fitted_with = self._weights_parameters()

    def request(self) -> Request:
        """Look up of which network which features it gives.

        Raises
        ------
        WeightsError
            If the weights are not those of `fit`.
        """
        request = self._request()
        self._check_weights(request.network)
        return request

    def seconds_per_image(self) -> float:
        """Mean time to compute one image's features, as far as the store knows it.

        Returns
        -------
        seconds : float
            Decoding and network, in batches; 0.0 where nothing was computed yet.
        """
        store = open_store(self.store)
        return seconds_per_image(self._request(), store) if store else 0.0

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """Name the columns: backbone, cut layer and number in that layer."""
        name = network_name(self.backbone)
        names = [
            f"{name}_{cut}_{i}"
            for cut, width in self._request().wanted_widths.items()
            for i in range(width)
        ]
        return np.array(names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags

    def _images(self, X: Any) -> npt.NDArray[Any]:
        check_parameters(self.get_params(deep=False), owner=type(self).__name__)
        return as_images(X, channels=self.in_channels)

    def _request(self) -> Request:
        check_parameters(self.get_params(deep=False), owner=type(self).__name__)
        return make_request(network_of(self), self.cut_layer, self.pooling)

    def _check_weights(self, network: Network) -> None:
        fitted = getattr(self, "weights_digest_", None)
        is_same = getattr(self, "_fitted_with", None) == self._weights_parameters()
        if is_same and fitted != network.weights_digest:
            raise WeightsError(
                f"The weights of {network_name(self.backbone)!r} are not those it was "
                f"fitted with (digest {network.weights_digest}, then {fitted}). "
                "Fit again, or restore the weights."
            )

    def _weights_parameters(self) -> tuple[object, ...]:
        return (self.backbone, str(self.weights), self.in_channels, self.random_state)

    def _batch_size(self) -> int:
        if self.batch_size == "auto":
            return DEFAULT_BATCH_SIZE
        return int(self.batch_size)
