"""Images as the maps in the middle of a network, for one whose last layers learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin, clone

from hybridml._checks import describe
from hybridml._image_input import ImageInput
from hybridml.backbones.cut_layer import name_cut_layers
from hybridml.backbones.loading import network_of
from hybridml.backbones.network import Network
from hybridml.backbones.spec import Stage
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.finetune.learning.freezing import check_trainable, find_border
from hybridml.fusion.intermediate.networks.image_stem import ImageStem


class MapsEncoder(ImageInput, TransformerMixin, BaseEstimator):
    """All numbers of a network's output at the border of what learns.

    Parameters
    ----------
    extractor : DeepFeatureExtractor
        Its cut layer is where the network ends; a single one.
    trainable : "last2" or str
        The last stage with a layer in it, or a cut layer, behind which all learns.

    Attributes
    ----------
    maps_ : DeepFeatureExtractor
        Cut at the border; it stores the maps as any extractor does.
    """

    def __init__(self, extractor: DeepFeatureExtractor, trainable: str) -> None:
        self.extractor = extractor
        self.trainable = trainable

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the border and load the network.

        Raises
        ------
        InvalidParameterError, UnknownCutLayerError
            If the network has no such border.
        """
        network = network_of(self.extractor)
        border, _ = self._border_and_end(network)
        maps = clone(self.extractor).set_params(
            cut_layer=border.name, pooling="flatten"
        )
        self.maps_: DeepFeatureExtractor = maps.fit(X)
        return self

    def transform(self, X: Any) -> npt.NDArray[np.float32]:
        """Give the maps of images, (n_images, channels * height * width)."""
        return self.maps_.transform(X)

    def make_stem(self) -> ImageStem:
        """Copy the layers behind the border, free to learn."""
        network = network_of(self.extractor)
        border, end = self._border_and_end(network)
        shape = network.shape(border)
        if border.layout == "maps_last":
            shape = (shape[2], *shape[:2])
        pooling = self.extractor.pooling
        module = network.trainable_copy().eval()
        return ImageStem(module, border, end, pooling, shape)

    def _border_and_end(self, network: Network) -> tuple[Stage, Stage]:
        backbone, cut_layer = network.backbone, self.extractor.cut_layer
        check_trainable(backbone, self.trainable)
        names = name_cut_layers(backbone, cut_layer)
        if len(names) > 1:
            expected = "one cut layer where the layers before it learn"
            raise InvalidParameterError(describe("cut_layer", cut_layer, expected))
        end = network.find(names[0])
        module = network.trainable_copy()
        border = find_border(module, backbone, self.trainable, end)
        if border is None or border.layout == "tokens":
            what = "has tokens, not maps," if border else "has no layer"
            raise InvalidParameterError(
                f"Got trainable={self.trainable!r}; {backbone.name!r} {what} where it "
                "would divide. Pass 'head', or another cut layer."
            )
        return border, end


def with_maps(encoder: Any, trainable: str) -> Any:
    """Put a `MapsEncoder` in the place of an extractor; leave all others alone."""
    if trainable == "head" or not isinstance(encoder, DeepFeatureExtractor):
        return encoder
    return MapsEncoder(encoder, trainable)
