"""What a comparison of fusions is given, brought into form."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridml._checks import describe
from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.features.store import FeatureStore
from hybridml.fusion.comparing.nested import uses_network
from hybridml.fusion.modalities.frame import find_missing, resolve_columns, take_columns
from hybridml.fusion.modalities.kinds import make_encoder
from hybridml.fusion.modalities.modality import Modality, check_modalities

_OWNER = "compare_fusion"
_ON_NETWORKS = ("image", "audio", "multispectral")
Store = str | Path | FeatureStore | None


def read_modalities(
    frame: pd.DataFrame, modalities: Any, *, store: Store, n_jobs: int | None
) -> tuple[list[Modality], dict[str, Any]]:
    """Check modalities and find their columns.

    Parameters
    ----------
    frame : DataFrame
    modalities : sequence of (name, encoder, columns)
    store : "default", path, FeatureStore or None
        For encoders by name.
    n_jobs : int or None
        For encoders by name.

    Returns
    -------
    modalities : list of Modality
        With columns by name.
    encoders : dict of {str: estimator or str}
        By modality; those that use a network as estimators.

    Raises
    ------
    InvalidParameterError
        If something of it is wrong, or there is one modality only.
    DataError
        If X lacks columns, or no row has a modality.
    """
    checked = check_modalities(modalities, owner=_OWNER, may_predict=True)
    if len(checked) < 2:
        expected = "two modalities or more"
        names = [one.name for one in checked]
        raise InvalidParameterError(describe("modalities", names, expected))
    found: list[Modality] = []
    encoders: dict[str, Any] = {}
    for one in checked:
        columns = resolve_columns(frame, one.columns, one.name)
        modality = replace(one, columns=columns)
        encoder = _encoder_of(frame, modality)
        if encoder is not one.encoder and (store != "default" or n_jobs is not None):
            known = encoder.get_params(deep=False)
            given = {"store": store, "n_jobs": n_jobs}
            encoder.set_params(**{k: v for k, v in given.items() if k in known})
            modality = replace(modality, encoder=encoder)
        encoders[one.name] = encoder
        found.append(modality)
    return found, encoders


def columns_of(modalities: Sequence[Modality]) -> list[Any]:
    """List the columns that are used, each once."""
    used = [column for one in modalities for column in _listed(one.columns)]
    return list(dict.fromkeys(used))


def file_columns(
    modalities: Sequence[Modality], encoders: dict[str, Any]
) -> Collection[Any]:
    """Tell the columns that hold images or sounds, perhaps as paths."""
    return {
        column
        for one in modalities
        if uses_network(encoders[one.name])
        for column in _listed(one.columns)
    }


def _listed(columns: Any) -> list[Any]:
    return columns if isinstance(columns, list) else [columns]


def _encoder_of(frame: pd.DataFrame, modality: Modality) -> Any:
    """Make what has a name and uses a network; all else is as it was given."""
    values = take_columns(frame, modality.columns, modality.name)
    present = np.flatnonzero(~find_missing(values))
    if not len(present):
        raise DataError(
            f"Modality {modality.name!r} is missing in all {len(frame)} rows. Leave it "
            "out, or add its data."
        )
    kind = modality.encoder
    is_named = isinstance(kind, str) and kind in _ON_NETWORKS
    return make_encoder(kind, values.iloc[present]) if is_named else kind
