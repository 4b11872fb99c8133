"""Which backbones exist: the built-in ones and those a user registers."""

from __future__ import annotations

from functools import cache

from hybridml._checks import check_name
from hybridml.backbones.spec import Backbone
from hybridml.exceptions import UnknownBackboneError

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


def list_backbones() -> list[str]:
    """Names of all the backbones, sorted."""
    return sorted({**_builtin(), **_registered})


def get_backbone(name: str) -> Backbone:
    """Look a backbone up by name.

    Raises
    ------
    UnknownBackboneError
        If none is registered under this name; the message suggests the nearest one.
    """
    known = {**_builtin(), **_registered}
    check_name(
        "backbone",
        name,
        known,
        expected="a registered backbone",
        see="list_backbones()",
        error=UnknownBackboneError,
    )
    return known[name]
