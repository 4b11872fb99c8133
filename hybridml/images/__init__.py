"""Anything a user calls an image, as uint8 RGB; folders, manifests, augmentation."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.images.augment import augment_batch, draw_numbers
    from hybridml.images.batch import load_batch
    from hybridml.images.decode import decode_image
    from hybridml.images.digest import digest_image, digest_images
    from hybridml.images.door import as_images
    from hybridml.images.failures import raise_bad_images
    from hybridml.images.folder import (
        IMAGE_SUFFIXES,
        ImageFolder,
        load_image_folder,
        read_image_folder,
    )
    from hybridml.images.manifest import load_manifest
    from hybridml.images.policies import (
        POLICIES,
        AugmentationPolicy,
        check_augmentation,
    )
    from hybridml.images.views import view_batch

__all__ = [
    "IMAGE_SUFFIXES",
    "POLICIES",
    "AugmentationPolicy",
    "ImageFolder",
    "as_images",
    "augment_batch",
    "check_augmentation",
    "decode_image",
    "digest_image",
    "digest_images",
    "draw_numbers",
    "load_batch",
    "load_image_folder",
    "load_manifest",
    "raise_bad_images",
    "read_image_folder",
    "view_batch",
]

_HOMES = {
    "IMAGE_SUFFIXES": "folder",
    "POLICIES": "policies",
    "AugmentationPolicy": "policies",
    "ImageFolder": "folder",
    "as_images": "door",
    "augment_batch": "augment",
    "check_augmentation": "policies",
    "decode_image": "decode",
    "digest_image": "digest",
    "digest_images": "digest",
    "draw_numbers": "augment",
    "load_batch": "batch",
    "load_image_folder": "folder",
    "load_manifest": "manifest",
    "raise_bad_images": "failures",
    "read_image_folder": "folder",
    "view_batch": "views",
}


def __getattr__(name: str) -> Any:
    # Some of the modules need torch, so nothing is imported before it is asked for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"hybridml.images.{_HOMES[name]}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
