"""The pretrained networks of a model: referred to, embedded, and checked."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hybridml.backbones.loading import network_of
from hybridml.backbones.precision import reachable_device
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.weights import load_weights
from hybridml.backbones.weights_file import write_weights
from hybridml.exceptions import (
    HybridMLError,
    ModelError,
    PrecisionWarning,
    WeightsError,
)
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.models.rebuilding import iterate_parts


def fitted_extractors(estimator: Any) -> list[DeepFeatureExtractor]:
    """List the extractors inside an estimator that know their weights' digest."""
    return [
        part
        for part in iterate_parts(estimator)
        if isinstance(part, DeepFeatureExtractor) and hasattr(part, "weights_digest_")
    ]


def refer_to_networks(
    extractors: Iterable[DeepFeatureExtractor], folder: Path, *, embed: bool
) -> list[dict[str, Any]]:
    """Describe the networks of extractors, each once, and embed their weights.

    Random weights are made again from their seed, and are not embedded. Weights that
    are not published under a name, but a file or at an address, always are.

    Parameters
    ----------
    extractors : iterable of DeepFeatureExtractor
    folder : Path
        Where embedded weights go.
    embed : bool

    Returns
    -------
    networks : list of dict
        For `Manifest`.

    Raises
    ------
    ModelError
        If weights to be embedded are no longer those of the fit.
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for extractor in extractors:
        key = _identity(extractor)
        if key in found:
            continue
        backbone, weights, seed, digest = key
        found[key] = {
            "backbone": backbone,
            "weights": weights,
            "random_state": seed,
            "digest": digest,
            "precision": extractor.precision_,
            "file": None,
        }
        if weights is not None and (embed or not _is_published(backbone, weights)):
            found[key]["file"] = _embed(backbone, weights, digest, folder)
    return list(found.values())


def connect_networks(
    extractors: Iterable[DeepFeatureExtractor],
    networks: Sequence[dict[str, Any]],
    folder: Path,
) -> None:
    """Point extractors to embedded weights, and check what they get to see.

    An extractor made for a device that is not here takes the best there is.

    Raises
    ------
    ModelError
        If a network's weights cannot be had, or are not those of the fit.
    """
    files = {
        (told["backbone"], told["weights"], told["digest"]): told["file"]
        for told in networks
        if told["file"]
    }
    for extractor in extractors:
        backbone, weights, _, digest = _identity(extractor)
        file = files.get((backbone, weights, digest))
        if file:
            extractor.move_weights(folder / file)
        elif weights is not None and not _is_published(backbone, weights):
            raise ModelError(
                f"The model refers to weights={weights!r} of {backbone!r}, which it "
                "does not hold: paths and addresses that a model names are not opened. "
                "Save it again."
            )
        extractor.device = reachable_device(extractor.device)
        _check(extractor, digest)


def _check(extractor: DeepFeatureExtractor, digest: str) -> None:
    name, weights = extractor.backbone, extractor.weights
    needs = f"The model needs the network {name!r} with weights={weights!r}"
    try:
        network = network_of(extractor)
    except WeightsError as exc:
        raise ModelError(
            f"{needs}, which cannot be had here. Save the model with "
            f"embed_weights=True to carry them along. ({exc})"
        ) from exc
    except (HybridMLError, ImportError) as exc:
        raise ModelError(f"{needs}, which cannot be built here: {exc}") from exc
    if network.weights_digest != digest:
        raise ModelError(
            f"The weights {weights!r} of {name!r} are not those that the model was "
            f"fitted with (digest {network.weights_digest}, then {digest}). Get the "
            "same weights, or save the model with embed_weights=True."
        )
    if network.precision != extractor.precision_:
        warnings.warn(
            f"The model was fitted on features in {extractor.precision_}, and here "
            f"{name!r} runs in {network.precision}: predictions may differ a little. "
            "Fit with precision='fp32' for the same everywhere.",
            PrecisionWarning,
            stacklevel=2,
        )


def _is_published(backbone: str, weights: str) -> bool:
    return weights == "default" or weights in get_backbone(backbone).named_weights


def _embed(backbone: str, weights: str, digest: str, folder: Path) -> str:
    loaded = load_weights(get_backbone(backbone), weights)
    if loaded.digest != digest:
        raise ModelError(
            f"The weights {weights!r} of {backbone!r} are not those that the model was "
            f"fitted with any more (digest {loaded.digest}, then {digest}). Fit again."
        )
    name = f"weights-{digest}.safetensors"
    write_weights(loaded.module.state_dict(), loaded.preprocessing, folder / name)
    return name


def _identity(extractor: DeepFeatureExtractor) -> tuple[Any, Any, Any, str]:
    weights = None if extractor.weights is None else str(extractor.weights)
    seed = extractor.random_state if weights is None else None
    return (extractor.backbone, weights, seed, extractor.weights_digest_)
