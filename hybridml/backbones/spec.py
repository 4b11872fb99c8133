"""What a backbone declares about itself: its stages, its preprocessing, its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch
    from torch import nn

Layout = Literal["maps", "maps_last", "tokens", "vector"]
Interpolation = Literal["bilinear", "bicubic"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocessing:
    """From a uint8 RGB image of any size to the network's input.

    The shorter side is resized to `resize` pixels, a square of `crop` pixels is cut
    from the centre, and each channel becomes ``(value / 255 - mean) / std``.

    Attributes
    ----------
    resize, crop : int
        In pixels.
    interpolation : {"bilinear", "bicubic"}
    mean, std : tuple of float
        One for each input channel (red, green, blue), on a scale of 0 to 1.
    """

    resize: int = 256
    crop: int = 224
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    @property
    def channels(self) -> int:
        """Number of input channels."""
        return len(self.mean)

    def with_image_size(self, image_size: int | None) -> Preprocessing:
        """Return the same preprocessing for another input size, proportions kept."""
        if image_size is None or image_size == self.crop:
            return self
        resize = round(image_size * self.resize / self.crop)
        return replace(self, resize=resize, crop=image_size)


@dataclass(frozen=True)
class Stage:
    """A declared cut layer.

    Attributes
    ----------
    name : str
        The stage's name, the same for all networks of a family ("stage2",
        "penultimate", "logits").
    node : str
        Name of the node in the network's traced graph whose output is taken
        (`torchvision.models.feature_extraction.get_graph_node_names`, evaluation mode),
        or of a module, which stands for its last node. Where a network cannot be
        traced, of a module.
    layout : {"maps", "maps_last", "tokens", "vector"}
        How to read the output: (n, channels, height, width); (n, height, width,
        channels); (n, prefix + positions, channels); (n, features).
    n_prefix_tokens : int
        How many of the tokens come before those of the positions: the class token
        first, then others (distillation, registers), if there are any.
    """

    name: str
    node: str
    layout: Layout = "maps"
    n_prefix_tokens: int = 1


@dataclass(frozen=True)
class Backbone:
    """A network by name, with all that hybridml has to know about it.

    Attributes
    ----------
    name : str
        Registered name.
    build : callable
        ``build(n_classes)`` returns the untrained `torch.nn.Module`, whose forward
        takes (n, 3, crop, crop) and gives (n, n_classes) in evaluation mode.
    stages : tuple of Stage
        Declared cut layers from the input to the output; the last two are always
        "penultimate" (the last features, a vector) and "logits".
    preprocessing : Preprocessing
        That of the default weights.
    fetch_default_weights : callable or None
        Returns the state dict of the default weights; None where there are none.
    named_weights : mapping of {str: callable}
        Further published weights by name, each with its own preprocessing.
    fetch_categories : callable or None
        Returns the names of the default weights' output classes, in order.
    n_classes : int
        Number of outputs of the default weights.
    min_image_size : int
        Smallest input that passes through the network, in pixels.
    fixed_image_size : bool
        True where the network only takes its own input size (ViT, MaxViT ...).
    digest : str or None
        Digest of code and weights, where `build` returns a copy of a network that was
        given as a module; None for networks by name.
    """

    name: str
    build: Callable[[int], nn.Module]
    stages: tuple[Stage, ...]
    preprocessing: Preprocessing = Preprocessing()
    fetch_default_weights: Callable[[], Mapping[str, torch.Tensor]] | None = None
    named_weights: Mapping[str, NamedWeights] = field(default_factory=dict)
    fetch_categories: Callable[[], tuple[str, ...]] | None = None
    n_classes: int = 1000
    min_image_size: int = 32
    fixed_image_size: bool = False
    digest: str | None = None

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Names of the declared stages, from input to output."""
        return tuple(stage.name for stage in self.stages)


@dataclass(frozen=True)
class NamedWeights:
    """Published weights other than the default ones, with their own preprocessing."""

    fetch: Callable[[], Mapping[str, torch.Tensor]]
    preprocessing: Preprocessing
    file_name: str | None = None  # by which a local copy of the file is recognised
