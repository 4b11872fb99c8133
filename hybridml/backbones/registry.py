"""Which backbones exist: the built-in ones, timm's and those a user registers."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, TypeGuard

from hybridml._checks import check_name, describe
from hybridml._optional import is_installed
from hybridml.backbones.classics import name_of_classic
from hybridml.backbones.spec import Backbone
from hybridml.exceptions import UnknownBackboneError

if TYPE_CHECKING:
    from torch import nn

_TIMM = "timm:"
_registered: dict[str, Backbone] = {}


@cache
def _builtin() -> dict[str, Backbone]:
    # Imported here so that `import hybridml` stays free of torch.
    from hybridml.backbones.efficientnet_lite import EFFICIENTNET_LITE
    from hybridml.backbones.small import SMALL_BACKBONES
    from hybridml.backbones.torchvision_families import torchvision_backbones

    found = [*EFFICIENTNET_LITE, *SMALL_BACKBONES, *torchvision_backbones()]
    return {backbone.name: backbone for backbone in found}


def register_backbone(backbone: Backbone, *, overwrite: bool = False) -> None:
    """Make a network of your own known by its name.

    Parameters
    ----------
    backbone : Backbone
        Its declaration; its last two stages must be "penultimate" and "logits".
    overwrite : bool, default=False
        Replace a backbone already registered under this name.

    Raises
    ------
    ValueError
        If the name is taken, or the stages lack "penultimate" and "logits".

    Examples
    --------
    >>> from torch import nn
    >>> from hybridml.backbones import Backbone, Stage, register_backbone
    >>> def build(n_classes):
    ...     return nn.Sequential(
    ...         nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(),
    ...         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, n_classes),
    ...     )
    >>> stages = (Stage("stem", "1"), Stage("penultimate", "3", "vector"),
    ...           Stage("logits", "4", "vector"))
    >>> register_backbone(Backbone("doctest_net", build, stages), overwrite=True)
    """
    if backbone.name in list_backbones() and not overwrite:
        raise ValueError(
            f"Got name={backbone.name!r}; expected a name not yet registered. "
            "Pass overwrite=True to replace it."
        )
    if backbone.stage_names[-2:] != ("penultimate", "logits"):
        raise ValueError(
            f"Got stages={backbone.stage_names!r}; expected the last two to be "
            "'penultimate' and 'logits'."
        )
    _registered[backbone.name] = backbone


def find_registered(name: object) -> Backbone | None:
    """Return a backbone that was registered in this process, if it is one."""
    return _registered.get(name) if isinstance(name, str) else None


def list_registered() -> list[Backbone]:
    """List the backbones that were registered in this process."""
    return list(_registered.values())


def list_backbones(pattern: str | None = None) -> list[str]:
    """Names of the backbones, sorted.

    Parameters
    ----------
    pattern : str or None, default=None
        Shell pattern that the names must match. Those of the package timm are listed
        only by a pattern that asks for them: "timm:*", "timm:resnet*".

    Returns
    -------
    names : list of str

    Raises
    ------
    MissingPackageError
        If timm's are asked for and timm is not installed.

    Examples
    --------
    >>> list_backbones("resnet1*")
    ['resnet101', 'resnet152', 'resnet18']
    """
    known = sorted({**_builtin(), **_registered})
    if pattern is None:
        return known
    matching = [name for name in known if fnmatchcase(name, pattern)]
    if not pattern.startswith(_TIMM):
        return matching
    from hybridml.backbones.timm_networks import timm_names

    return sorted({*matching, *timm_names(pattern)})


def get_backbone(name: str | nn.Module) -> Backbone:
    """Look a backbone up by name, or declare a network of your own.

    Parameters
    ----------
    name : str or nn.Module
        One of `list_backbones`, "timm:" with a name of timm's, or a network.

    Raises
    ------
    UnknownBackboneError
        If none is registered under this name; the message suggests the nearest one.
    MissingPackageError
        If it is one of timm's and timm is not installed.
    """
    if _is_module(name):
        from hybridml.backbones.own_network import declare_network

        return declare_network(name)
    known = {**_builtin(), **_registered}
    if isinstance(name, str) and name not in known:
        if name.startswith(_TIMM):
            from hybridml.backbones.timm_networks import timm_backbone

            return timm_backbone(name)
        _suggest_other_name(name)
    check_name(
        "backbone",
        name,
        known,
        expected="a registered backbone",
        see="list_backbones()",
        error=UnknownBackboneError,
    )
    return known[str(name)]


def _is_module(backbone: object) -> TypeGuard[nn.Module]:
    # Whoever has a network has torch loaded.
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(backbone, torch.nn.Module)


def _suggest_other_name(name: str) -> None:
    """Raise if this is what a network is called elsewhere: in papers, or in timm."""
    found = name_of_classic(name)
    if found is None and is_installed("timm"):
        from hybridml.backbones.timm_networks import timm_names

        found = _TIMM + name if _TIMM + name in timm_names() else None
    if found is None:
        return
    cure = f"Did you mean {found!r}? See list_backbones()."
    if found.startswith(_TIMM) and not is_installed("timm"):
        cure += ' It needs: pip install "hybridml[timm]"'
    message = describe("backbone", name, "a registered backbone", cure)
    raise UnknownBackboneError(message)
