"""From what a contender is called to the estimator that it is."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from hybridml.fusion.comparing.options import FusionOptions

# By kind: the home of the estimators, their name, and the parameter that tells two of
# them apart. A modality alone is a late fusion of one.
_HOMES = {
    "alone": ("hybridml.fusion.late", "LateFusion", None),
    "early": ("hybridml.fusion.early", "EarlyFusion", "head"),
    "late": ("hybridml.fusion.late", "LateFusion", "combine"),
    "intermediate": ("hybridml.fusion.intermediate", "IntermediateFusion", "method"),
}


def make_fusion(kind: str, variant: str, options: FusionOptions, **changed: Any) -> Any:
    """Make an unfitted estimator.

    Parameters
    ----------
    kind : {"alone", "early", "late", "intermediate"}
    variant : str
        The modality that is alone, or a head, a combination, a method.
    options : FusionOptions
    **changed : object
        Parameters that differ from those of the options.

    Examples
    --------
    >>> from hybridml.fusion.modalities.modality import Modality
    >>> photo, name = Modality("photo", "image", "path"), Modality("name", "text", "n")
    >>> make_fusion("late", "mean", FusionOptions([photo, name], {}, "regression"))
    LateFusionRegressor(combine='mean',
                        modalities=[('photo', 'image', 'path'),
                                    ('name', 'text', 'n')])
    """
    home, name, parameter = _HOMES[kind]
    kinds = ("regressor", "Regressor"), ("classifier", "Classifier")
    module, ending = kinds[options.task != "regression"]
    estimator = getattr(import_module(f"{home}.{module}"), f"{name}{ending}")
    fused = [
        (one.name, one.encoder, one.columns)
        for one in options.modalities
        if kind != "alone" or one.name == variant
    ]
    own = {"combine": "mean"} if parameter is None else {parameter: variant}
    common = {
        "class_weight": options.class_weight,
        "random_state": options.random_state,
    }
    known = inspect.signature(estimator).parameters
    given = {name: value for name, value in common.items() if name in known}
    return estimator(fused, **{**given, **own, **changed})
