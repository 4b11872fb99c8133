"""The estimators inside of an estimator, and the networks that some of them use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hybridml.backbones.loading import network_of
from hybridml.backbones.network import Network
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.fusion.encoders.spectrogram_extractor import SpectrogramExtractor

_NETWORK = ("backbone", "weights", "image_size", "device", "precision", "random_state")


def nested_estimators(estimator: Any) -> Iterator[Any]:
    """Yield an estimator and all those among its parameters.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> [type(one).__name__ for one in nested_estimators(StandardScaler())]
    ['StandardScaler']
    """
    yield estimator
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        return
    found = {id(estimator)}
    for value in estimator.get_params(deep=True).values():
        if hasattr(value, "get_params") and id(value) not in found:
            found.add(id(value))
            yield value


def uses_network(estimator: Any) -> bool:
    """Whether an estimator, or one in it, puts images or sounds through a network."""
    return any(True for _ in _with_network(estimator))


def networks_of(estimator: Any) -> list[Network]:
    """Load the networks that an estimator, and those in it, name."""
    return [network_of(one) for one in _with_network(estimator)]


def takes_images(estimator: Any) -> bool:
    """Whether an estimator, or one in it, puts images through a network."""
    return any(
        not isinstance(one, SpectrogramExtractor) for one in _with_network(estimator)
    )


def extractors_of(estimator: Any) -> list[DeepFeatureExtractor]:
    """Find those that take features from a network, which they leave as it is."""
    found = []
    for one in _with_network(estimator):
        if isinstance(one, DeepFeatureExtractor):
            found.append(one)
        elif isinstance(one, SpectrogramExtractor):
            found.append(one._make_extractor())
    return found


def _with_network(estimator: Any) -> Iterator[Any]:
    for one in nested_estimators(estimator):
        if all(hasattr(one, name) for name in _NETWORK):
            yield one
