"""Encoders of tables, texts and sounds: what fusion takes where it is given none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridml.fusion.encoders.audio.mel import log_mel_spectrogram
    from hybridml.fusion.encoders.spectrogram_extractor import (
        SpectrogramExtractor,
    )
    from hybridml.fusion.encoders.table_encoder import TableEncoder
    from hybridml.fusion.encoders.text_encoder import TextEncoder

__all__ = [
    "SpectrogramExtractor",
    "TableEncoder",
    "TextEncoder",
    "log_mel_spectrogram",
]

_HOME = {
    "SpectrogramExtractor": "hybridml.fusion.encoders.spectrogram_extractor",
    "TableEncoder": "hybridml.fusion.encoders.table_encoder",
    "TextEncoder": "hybridml.fusion.encoders.text_encoder",
    "log_mel_spectrogram": "hybridml.fusion.encoders.audio.mel",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
