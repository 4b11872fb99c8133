"""Weights in files and at addresses: a state dict, and what is known of its input."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pickle
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TypeGuard
from urllib.error import URLError
from urllib.parse import urlsplit

import torch
from torch import Tensor

from hybridml._checks import describe, did_you_mean, list_names
from hybridml.backbones.spec import Preprocessing
from hybridml.exceptions import WeightsError

NO_DOWNLOAD = (
    "Pass weights='path/to/file.pth', or weights=None for random ones; the default "
    "backbone 'efficientnet_lite0' needs no download."
)
# Of an averaged and a plain state in one file, the averaged one is meant to be used.
_WRAPPERS = ("state_dict_ema", "state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.")  # of parallel and of compiled networks
_SCHEMES = ("http", "https", "file")
_PREPROCESSING = "hybridml.preprocessing"


def read_weights(weights: str | Path, known: tuple[str, ...]) -> Mapping[str, Tensor]:
    """Read a state dict from a .pth or .safetensors file, or an http(s) or file URL.

    Parameters
    ----------
    weights : path or URL
    known : tuple of str
        Names that might have been meant instead, for the message.

    Raises
    ------
    WeightsError
        If there is no such file, or no state dict in it.
    """
    url = urlsplit(str(weights))
    if url.scheme in _SCHEMES:
        return _unwrap(_read_url(str(weights)), weights)
    path = Path(weights).expanduser()
    if not path.is_file():
        hint = did_you_mean(weights, known)
        expected = "'default', published weights by name, a file, a URL or None"
        cure = hint or f"There is no file {path!s}."
        raise WeightsError(describe("weights", str(weights), expected, cure))
    try:
        if path.suffix == ".safetensors":
            return _unwrap(_read_tensors(path), weights)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as exc:  # whose text recommends running the code
        reason = "not a state dict of tensors alone (.pth), nor a .safetensors file"
        cure = "Save one with: torch.save(network.state_dict(), path)"
        message = f"Cannot read weights from {path!s}: {reason}. {cure}"
        raise WeightsError(message) from exc
    except (RuntimeError, EOFError, OSError, ValueError) as exc:
        raise WeightsError(f"Cannot read weights from {path!s}: {exc}") from exc
    return _unwrap(state, weights)


def write_weights(
    state: Mapping[str, Tensor], preprocessing: Preprocessing, path: Path
) -> None:
    """Write a state dict as .safetensors, with what its input has to look like."""
    from safetensors.torch import save

    text = json.dumps(dataclasses.asdict(preprocessing), sort_keys=True)
    tensors = {name: value.contiguous().clone() for name, value in state.items()}
    path.write_bytes(save(tensors, metadata={_PREPROCESSING: text}))


def read_preprocessing(path: str | Path) -> Preprocessing | None:
    """Return what `write_weights` said of the input; None of any other file.

    Raises
    ------
    WeightsError
        If the file says what cannot be read.
    """
    if Path(path).suffix != ".safetensors" or not Path(path).is_file():
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as opened:
            text = (opened.metadata() or {}).get(_PREPROCESSING)
        if text is None:
            return None
        said = json.loads(text)
        said |= {name: tuple(said[name]) for name in ("mean", "std")}
        return Preprocessing(**said)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as exc:
        raise WeightsError(f"Cannot read weights from {path!s}: {exc}") from exc


def _read_tensors(path: Path) -> Mapping[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as exc:
        raise WeightsError(f"Cannot read weights from {path!s}: {exc}") from exc


def _read_url(url: str) -> object:
    # Two servers may call their files alike: the address goes into the cached name.
    digest = hashlib.blake2b(url.encode(), digest_size=8).hexdigest()
    name = f"{digest}-{PurePosixPath(urlsplit(url).path).name}"
    try:
        return torch.hub.load_state_dict_from_url(
            url, map_location="cpu", progress=False, file_name=name, weights_only=True
        )
    except (URLError, OSError, RuntimeError, pickle.UnpicklingError) as exc:
        message = f"Cannot fetch weights from {url}: {exc}. {NO_DOWNLOAD}"
        raise WeightsError(message) from exc


def _unwrap(state: object, weights: str | Path) -> Mapping[str, Tensor]:
    for wrapper in _WRAPPERS:
        if isinstance(state, Mapping) and isinstance(state.get(wrapper), Mapping):
            state = state[wrapper]
    if not isinstance(state, Mapping) or not state:
        raise WeightsError(f"{weights!s} holds no state dict (a mapping of tensors).")
    if not _is_state(state):
        inner = [value for value in state.values() if _is_state(value)]
        if len(inner) != 1:
            wrong = next(n for n, v in state.items() if not isinstance(v, Tensor))
            names = ", ".join(repr(str(name)) for name in list(state)[:5])
            raise WeightsError(
                f"{weights!s} holds no state dict: {wrong!r} is no tensor. Its keys "
                f"begin with {names}; expected names of parameters, or one of "
                f"{list_names(_WRAPPERS)}."
            )
        state = inner[0]
    return {_without_prefixes(name): value for name, value in state.items()}


def _is_state(value: object) -> TypeGuard[Mapping[str, Tensor]]:
    if not isinstance(value, Mapping) or not value:
        return False
    return all(isinstance(inner, Tensor) for inner in value.values())


def _without_prefixes(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name
