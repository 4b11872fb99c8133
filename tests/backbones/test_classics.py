"""The textbooks' networks are backbones, and can be cut at all their stages."""

from __future__ import annotations

from importlib import metadata

import pytest
import torch

from hybridml.backbones import get_backbone, list_backbones
from hybridml.backbones.classics import CLASSICS, Classic, name_of_classic
from hybridml.backbones.cutting import cut_at
from hybridml.exceptions import UnknownBackboneError

BIG = ("timm:nasnetalarge", "densenet121")


@pytest.mark.parametrize(
    "classic",
    [
        pytest.param(
            classic,
            id=classic.backbone,
            marks=pytest.mark.slow if classic.backbone in BIG else (),
        )
        for classic in CLASSICS
    ],
)
def test_each_is_cut_at_all_its_stages(classic: Classic) -> None:
    if classic.backbone.startswith("timm:"):
        pytest.importorskip("timm")
    backbone = get_backbone(classic.backbone)
    with torch.device("meta"):
        network = backbone.build(9).eval()
    size = backbone.preprocessing.crop
    images = torch.empty(2, 3, size, size, device="meta")
    together = cut_at(network, backbone.stages)(images)
    assert len(backbone.stages) >= 4
    assert together[backbone.stages[-1].node].shape == (2, 9)
    assert together[backbone.stages[-2].node].ndim == 2
    first = backbone.stages[0]
    alone = cut_at(network, (first,))(images)[first.node]
    assert alone.shape == together[first.node].shape


def test_the_course_is_covered() -> None:
    titles = " ".join(classic.title for classic in CLASSICS)
    for wanted in (
        *("LeNet", "AlexNet", "VGG-16", "VGG-19", "GoogLeNet", "Inception-v3"),
        *("ResNet-50", "DenseNet", "Xception", "MobileNet-v1", "MobileNet-v2"),
        "NASNet",
    ):
        assert wanted in titles
    own = {c.backbone for c in CLASSICS if not c.backbone.startswith("timm:")}
    assert own <= set(list_backbones())


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("LeNet", "lenet5"),
        ("VGG16", "vgg16"),
        ("vgg-19", "vgg19"),
        ("InceptionV3", "inception_v3"),
        ("DenseNet", "densenet121"),
        ("Xception", "timm:legacy_xception"),
        ("MobileNet V1", "timm:mobilenetv1_100"),
        ("nasnet_large", "timm:nasnetalarge"),
        ("unheard_of", None),
    ],
)
def test_it_is_found_however_it_is_written(written: str, name: str | None) -> None:
    assert name_of_classic(written) == name


def test_a_networks_usual_name_leads_to_its_own() -> None:
    with pytest.raises(UnknownBackboneError, match="Did you mean 'timm:legacy_xcep"):
        get_backbone("xception")


def test_the_package_that_a_classic_needs_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("hybridml._optional.metadata.version", version)
    cure = r"'timm:nasnetalarge'.*It needs: pip install \"hybridml\[timm\]\""
    with pytest.raises(UnknownBackboneError, match=cure):
        get_backbone("nasnet")
