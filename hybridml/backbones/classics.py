"""The networks of the textbooks, and under which name each is a backbone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Classic:
    """A well-known network.

    Attributes
    ----------
    title : str
        What its paper calls it.
    year : int
        Of its paper.
    backbone : str
        Its name here.
    aliases : tuple of str
        Other ways to write the title, without signs between letters.
    """

    title: str
    year: int
    backbone: str
    aliases: tuple[str, ...] = ()


CLASSICS: tuple[Classic, ...] = (
    Classic("LeNet-5", 1998, "lenet5", ("lenet",)),
    Classic("AlexNet", 2012, "alexnet"),
    Classic("VGG-16", 2014, "vgg16", ("vgg",)),
    Classic("VGG-19", 2014, "vgg19"),
    Classic("GoogLeNet", 2014, "googlenet", ("inceptionv1", "inception")),
    Classic("Inception-v3", 2015, "inception_v3"),
    Classic("ResNet-50", 2015, "resnet50", ("resnet",)),
    Classic("DenseNet-121", 2016, "densenet121", ("densenet",)),
    Classic("Xception", 2016, "timm:legacy_xception"),
    Classic("MobileNet-v1", 2017, "timm:mobilenetv1_100", ("mobilenet",)),
    Classic("MobileNet-v2", 2018, "mobilenet_v2"),
    Classic("NASNet-A-Large", 2017, "timm:nasnetalarge", ("nasnet", "nasnetlarge")),
)


def name_of_classic(name: str) -> str | None:
    """Find the backbone that a well-known network is, however its name is written.

    Examples
    --------
    >>> name_of_classic("Xception"), name_of_classic("mobilenet_v1")
    ('timm:legacy_xception', 'timm:mobilenetv1_100')
    """
    wanted = _letters(name)
    for classic in CLASSICS:
        if wanted in (_letters(classic.title), *classic.aliases):
            return classic.backbone
    return None


def _letters(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
