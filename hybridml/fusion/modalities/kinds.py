"""The kinds of modality that have an encoder by name."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from hybridml._checks import describe
from hybridml.exceptions import DataError
from hybridml.features.extractor import DeepFeatureExtractor

Kind = Literal["image", "tabular", "text", "audio", "multispectral"]


def make_encoder(kind: Kind, values: pd.Series | pd.DataFrame) -> Any:
    """Make the encoder of a kind, unfitted.

    Parameters
    ----------
    kind : {"image", "tabular", "text", "audio", "multispectral"}
    values : Series or DataFrame
        What it will be fitted on; "multispectral" images tell by it how many channels
        they have.

    Raises
    ------
    DataError
        If what is called multispectral is no column of arrays of shape (h, w, c).
    """
    if kind == "image":
        return DeepFeatureExtractor()
    if kind == "multispectral":
        return DeepFeatureExtractor(in_channels=_count_channels(values))
    if kind == "audio":
        from hybridml.fusion.encoders.spectrogram_extractor import SpectrogramExtractor

        return SpectrogramExtractor()
    if kind == "text":
        from hybridml.fusion.encoders.text_encoder import TextEncoder

        return TextEncoder()
    from hybridml.fusion.encoders.table_encoder import TableEncoder

    return TableEncoder()


def _count_channels(values: pd.Series | pd.DataFrame) -> int:
    first = values.to_numpy().ravel()[0]
    shape = np.shape(first) if isinstance(first, np.ndarray) else ()
    if len(shape) != 3:
        expected = "arrays of shape (height, width, channels)"
        raise DataError(describe("a multispectral image", type(first), expected))
    return int(shape[-1])
