"""Where each family of torchvision networks is cut: a table, no code per network.

A node is the dotted path of a module wherever there is one: torchvision's feature
extraction then takes the last operation inside it, which stays right when the number
of blocks, or the way torchvision numbers operations, changes. A few nodes have no
module of their own and carry the name of a function (``flatten``, ``mean``, and
``relu`` at the end of DenseNet): each occurs once at the top of its network, so that
its name bears no number.

Stages end where the resolution changes, after the non-linearity. The blocks of
MobileNet, MNASNet, EfficientNet, ConvNeXt and the transformers end in a sum that has
none; they are cut after the sum. "penultimate" is what the last linear layer is given,
before dropout.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from hybridml.backbones.spec import Layout, Stage


@dataclass(frozen=True)
class Family:
    """Networks that are cut alike.

    Attributes
    ----------
    pattern : str
        Shell pattern of their torchvision names.
    stages : tuple of Stage
        As in `Backbone`.
    min_image_size : int or None
        Smallest square that passes through, in pixels (measured); None for the crop
        of the default weights, where the network takes no other size.
    """

    pattern: str
    stages: tuple[Stage, ...]
    min_image_size: int | None = 1


def family_of(name: str) -> Family | None:
    """Find the family of a torchvision network, or None where the table has none."""
    matching = (f for f in FAMILIES if fnmatchcase(name, f.pattern))
    return next(matching, None)


def _stages(layout: Layout, **nodes: str) -> tuple[Stage, ...]:
    return tuple(Stage(name, node, layout) for name, node in nodes.items())


def _maps(**nodes: str) -> tuple[Stage, ...]:
    return _stages("maps", **nodes)


def _vectors(**nodes: str) -> tuple[Stage, ...]:
    return _stages("vector", **nodes)


def _numbered(*nodes: str, name: str = "stage") -> dict[str, str]:
    return {f"{name}{i}": node for i, node in enumerate(nodes, 1)}


def _features(*indices: int, name: str = "stage") -> dict[str, str]:
    return _numbered(*(f"features.{index}" for index in indices), name=name)


def _vgg(name: str, *last_relu_of_block: int) -> Family:
    blocks = _maps(**_features(*last_relu_of_block, name="block"))
    top = _vectors(
        fc6="classifier.1", penultimate="classifier.4", logits="classifier.6"
    )
    return Family(name, blocks + top, min_image_size=32)


def _vit(pattern: str, *quarters: int) -> Family:
    layers = (f"encoder.layers.encoder_layer_{depth - 1}" for depth in quarters)
    blocks = _stages("tokens", **_numbered(*layers))
    top = _vectors(penultimate="heads.class_token", logits="heads.head")
    return Family(pattern, _maps(stem="conv_proj") + blocks + top, min_image_size=None)


_RESNET = _maps(
    stem="relu", layer1="layer1", layer2="layer2", layer3="layer3", layer4="layer4"
) + _vectors(penultimate="flatten", logits="fc")

_EFFICIENTNET_TOP = _vectors(penultimate="flatten", logits="classifier.1")

# The first pattern that matches counts.
FAMILIES: tuple[Family, ...] = (
    Family(
        "alexnet",
        _maps(**_features(1, 4, 7, 9, 11, name="conv"))
        + _vectors(
            fc6="classifier.2", penultimate="classifier.5", logits="classifier.6"
        ),
        min_image_size=63,
    ),
    Family(
        "convnext_*",
        _maps(stem="features.0", **_features(1, 3, 5, 7))
        + _vectors(penultimate="classifier.1", logits="classifier.2"),
        min_image_size=32,
    ),
    # A dense block's own output is not rectified; its transition does that first.
    Family(
        "densenet*",
        _maps(
            stem="features.relu0",
            denseblock1="features.transition1.relu",
            denseblock2="features.transition2.relu",
            denseblock3="features.transition3.relu",
            denseblock4="relu",
        )
        + _vectors(penultimate="flatten", logits="classifier"),
        min_image_size=29,
    ),
    Family(
        "efficientnet_v2_s",
        _maps(stem="features.0", **_features(*range(1, 7))) + _EFFICIENTNET_TOP,
    ),
    Family(
        "efficientnet_*",
        _maps(stem="features.0", **_features(*range(1, 8))) + _EFFICIENTNET_TOP,
    ),
    Family(
        "googlenet",
        _maps(
            stem="conv1",
            conv3="conv3",
            inception3="inception3b",
            inception4="inception4e",
            inception5="inception5b",
        )
        + _vectors(penultimate="flatten", logits="fc"),
        min_image_size=15,
    ),
    Family(
        "inception_v3",
        _maps(
            stem="Conv2d_2b_3x3",
            conv4="Conv2d_4a_3x3",
            mixed5="Mixed_5d",
            mixed6="Mixed_6e",
            mixed7="Mixed_7c",
        )
        + _vectors(penultimate="flatten", logits="fc"),
        min_image_size=75,
    ),
    Family(
        "maxvit_t",
        _maps(stem="stem", **_numbered(*(f"blocks.{i}" for i in range(4))))
        + _vectors(penultimate="classifier.4", logits="classifier.5"),
        min_image_size=None,
    ),
    Family(
        "mnasnet*",
        _maps(
            stem="layers.2",
            **_numbered("layers.7", "layers.8", "layers.9", "layers.11", "layers.13"),
        )
        + _vectors(penultimate="mean", logits="classifier.1"),
    ),
    Family(
        "mobilenet_v2",
        _maps(stem="features.0", **_features(1, 3, 6, 13, 17))
        + _vectors(penultimate="flatten", logits="classifier.1"),
    ),
    Family(
        "mobilenet_v3_large",
        _maps(stem="features.0", **_features(1, 3, 6, 12, 15))
        + _vectors(penultimate="classifier.1", logits="classifier.3"),
    ),
    Family(
        "mobilenet_v3_small",
        _maps(stem="features.0", **_features(1, 3, 8, 11))
        + _vectors(penultimate="classifier.1", logits="classifier.3"),
    ),
    Family(
        "regnet_*",
        _maps(
            stem="stem", **_numbered(*(f"trunk_output.block{i}" for i in range(1, 5)))
        )
        + _vectors(penultimate="flatten", logits="fc"),
    ),
    Family("resnet*", _RESNET),
    Family("resnext*", _RESNET),
    Family("wide_resnet*", _RESNET),
    Family(
        "shufflenet_v2_*",
        _maps(stem="conv1", stage2="stage2", stage3="stage3", stage4="stage4")
        + _vectors(penultimate="mean", logits="fc"),
    ),
    Family(
        "squeezenet1_0",
        _maps(stem="features.1", **_features(5, 10, 12))
        + _vectors(penultimate="pooled", logits="flatten"),
        min_image_size=21,
    ),
    Family(
        "squeezenet1_1",
        _maps(stem="features.1", **_features(4, 7, 12))
        + _vectors(penultimate="pooled", logits="flatten"),
        min_image_size=17,
    ),
    Family(
        "swin_*",
        _stages("maps_last", stem="features.0", **_features(1, 3, 5, 7))
        + _vectors(penultimate="flatten", logits="head"),
        min_image_size=4,
    ),
    _vgg("vgg11", 1, 4, 9, 14, 19),
    _vgg("vgg11_bn", 2, 6, 13, 20, 27),
    _vgg("vgg13", 3, 8, 13, 18, 23),
    _vgg("vgg13_bn", 5, 12, 19, 26, 33),
    _vgg("vgg16", 3, 8, 15, 22, 29),
    _vgg("vgg16_bn", 5, 12, 22, 32, 42),
    _vgg("vgg19", 3, 8, 17, 26, 35),
    _vgg("vgg19_bn", 5, 12, 25, 38, 51),
    _vit("vit_b_*", 3, 6, 9, 12),
    _vit("vit_l_*", 6, 12, 18, 24),
    _vit("vit_h_*", 8, 16, 24, 32),
)
