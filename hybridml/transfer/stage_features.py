"""Features of several cut layers, each image going through the backbone once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from hybridml.features.extractor import DeepFeatureExtractor


def features_of_layers(
    images: npt.NDArray[np.object_],
    extractor: DeepFeatureExtractor,
    cut_layers: Sequence[str],
) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Yield each cut layer with its features, in the order given.

    With a store the first layer fills it and only one layer is in memory at a time.
    Without one all the layers are computed together.

    Parameters
    ----------
    images : ndarray of shape (n_images, ...)
        As `as_images` gives them.
    extractor : DeepFeatureExtractor
        Its `cut_layer` does not matter.
    cut_layers : sequence of str

    Yields
    ------
    cut_layer : str
    features : ndarray of shape (n_images, n_features), float32
    """
    if extractor.store is not None:
        for name in cut_layers:
            copied = clone(extractor).set_params(cut_layer=name)
            yield name, np.asarray(copied.fit_transform(images))
        return
    widths = [
        clone(extractor).set_params(cut_layer=name).fit(images).n_features_out_
        for name in cut_layers
    ]
    joined = clone(extractor).set_params(cut_layer=list(cut_layers))
    every = np.asarray(joined.fit_transform(images))
    parts = np.split(every, np.cumsum(widths)[:-1], axis=1)
    yield from zip(cut_layers, parts, strict=True)
