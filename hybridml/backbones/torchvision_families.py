"""Every classification network of torchvision as a backbone, with its weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torchvision
from torch import Tensor
from torchvision.models import get_model_weights, list_models

from hybridml.backbones.spec import Backbone, NamedWeights, Preprocessing
from hybridml.backbones.torchvision_networks import build_network, rename_old_keys
from hybridml.backbones.torchvision_stages import Family, family_of


def torchvision_backbones() -> list[Backbone]:
    """Declare torchvision's classification networks; none is built.

    A network of a family newer than the table of stages is left out.

    Returns
    -------
    backbones : list of Backbone
        Sorted by name, under torchvision's names.

    Examples
    --------
    >>> from hybridml.backbones.torchvision_families import torchvision_backbones
    >>> by_name = {backbone.name: backbone for backbone in torchvision_backbones()}
    >>> by_name["resnet50"].stage_names
    ('stem', 'layer1', 'layer2', 'layer3', 'layer4', 'penultimate', 'logits')
    >>> sorted(by_name["resnet50"].named_weights)
    ['IMAGENET1K_V1', 'IMAGENET1K_V2']
    """
    families = {
        name: family_of(name) for name in list_models(module=torchvision.models)
    }
    return [_declare(name, family) for name, family in families.items() if family]


def _declare(name: str, family: Family) -> Backbone:
    published = get_model_weights(name)
    default = published.DEFAULT
    preprocessing = _preprocessing(default)
    return Backbone(
        name=name,
        build=partial(build_network, name),
        stages=family.stages,
        preprocessing=preprocessing,
        fetch_default_weights=partial(_fetch, default),
        named_weights={weights.name: _named(weights) for weights in published},
        fetch_categories=partial(_categories, default),
        min_image_size=family.min_image_size or preprocessing.crop,
        fixed_image_size=family.min_image_size is None,
    )


def _named(weights: Any) -> NamedWeights:
    return NamedWeights(
        fetch=partial(_fetch, weights),
        preprocessing=_preprocessing(weights),
        file_name=weights.url.rpartition("/")[2],
    )


def _preprocessing(weights: Any) -> Preprocessing:
    transforms = weights.transforms()
    return Preprocessing(
        resize=transforms.resize_size[0],
        crop=transforms.crop_size[0],
        interpolation=transforms.interpolation.value,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )


def _fetch(weights: Any) -> Mapping[str, Tensor]:
    """Download published weights (once: torch keeps the file) and check their hash."""
    state: dict[str, Tensor] = weights.get_state_dict(
        progress=True, check_hash=True, map_location="cpu", weights_only=True
    )
    rename_old_keys(state)
    return state


def _categories(weights: Any) -> tuple[str, ...]:
    return tuple(weights.meta["categories"])
