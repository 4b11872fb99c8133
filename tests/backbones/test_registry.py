"""The registry knows the built-in backbones and takes others under their own names."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import torchvision

from hybridml.backbones import registry
from hybridml.backbones.registry import (
    get_backbone,
    list_backbones,
    register_backbone,
)
from hybridml.backbones.spec import Backbone, Stage
from hybridml.exceptions import UnknownBackboneError


@pytest.fixture(autouse=True)
def _empty_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})


def own(name: str = "my_net") -> Backbone:
    return replace(get_backbone("lenet5"), name=name)


def test_all_built_in_backbones_are_listed_and_sorted() -> None:
    names = list_backbones()
    assert names == sorted(set(names))
    expected = {
        *torchvision.models.list_models(module=torchvision.models),
        *(f"efficientnet_lite{variant}" for variant in range(3)),
        *("lenet5", "convnet3"),
    }
    assert set(names) == expected


@pytest.mark.parametrize("name", ["efficientnet_lite0", "lenet5", "resnet50"])
def test_a_backbone_is_found_by_its_name(name: str) -> None:
    assert get_backbone(name).name == name


def test_every_built_in_backbone_ends_in_penultimate_and_logits() -> None:
    for name in list_backbones():
        names = get_backbone(name).stage_names
        assert names[-2:] == ("penultimate", "logits"), name
        assert len(set(names)) == len(names), name


def test_an_unknown_name_suggests_the_nearest() -> None:
    message = (
        r"Got backbone='resnet5O'; expected a registered backbone\. "
        r"Did you mean 'resnet50'\? See list_backbones\(\)\."
    )
    with pytest.raises(UnknownBackboneError, match=message):
        get_backbone("resnet5O")


def test_a_name_that_is_no_string_is_unknown() -> None:
    with pytest.raises(UnknownBackboneError, match="Got backbone=50"):
        get_backbone(50)  # type: ignore[arg-type]


def test_a_registered_backbone_is_listed_and_found() -> None:
    register_backbone(own())
    assert "my_net" in list_backbones()
    assert get_backbone("my_net") == own()


@pytest.mark.parametrize("name", ["my_net", "resnet50"])
def test_a_taken_name_is_refused(name: str) -> None:
    register_backbone(own())
    before = get_backbone(name)
    with pytest.raises(ValueError, match=f"Got name='{name}'; expected a name not yet"):
        register_backbone(own(name))
    assert get_backbone(name) is before


def test_overwriting_replaces_a_built_in_backbone() -> None:
    register_backbone(own("resnet50"), overwrite=True)
    assert get_backbone("resnet50").stage_names == own().stage_names
    assert list_backbones().count("resnet50") == 1


@pytest.mark.parametrize(
    "stages",
    [
        (),
        (Stage("logits", "fc3", "vector"),),
        (Stage("logits", "fc3", "vector"), Stage("penultimate", "fc2", "vector")),
    ],
)
def test_stages_without_a_proper_end_are_refused(stages: tuple[Stage, ...]) -> None:
    with pytest.raises(ValueError, match="expected the last two to be 'penultimate'"):
        register_backbone(replace(own(), stages=stages))
    assert "my_net" not in list_backbones()


def test_importing_the_registry_loads_no_torch() -> None:
    code = "import sys, hybridml.backbones.registry; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
