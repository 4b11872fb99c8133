"""Where a backbone's weights come from, and whether they fit it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.error import URLError

import torch
from torch import Tensor, nn

from hybridml._checks import describe
from hybridml.backbones.input_channels import (
    first_convolution,
    widen_input,
    with_channels,
)
from hybridml.backbones.spec import Backbone, Preprocessing
from hybridml.backbones.weights_file import (
    NO_DOWNLOAD,
    read_preprocessing,
    read_weights,
)
from hybridml.exceptions import WeightsError


@dataclass(frozen=True)
class LoadedNetwork:
    """An eval-mode network with its weights in it.

    Attributes
    ----------
    module : nn.Module, float32, on the CPU
    digest : str
        Hexadecimal blake2b over the sorted state dict.
    preprocessing : Preprocessing
        That of the weights, where they are known, else the backbone's.
    missing : frozenset of str
        Parameters that the weights do not cover (a file without its top layers).
    """

    module: nn.Module
    digest: str
    preprocessing: Preprocessing
    missing: frozenset[str] = frozenset()


def load_weights(
    backbone: Backbone,
    weights: str | Path | None,
    *,
    random_state: int = 0,
    in_channels: int = 3,
) -> LoadedNetwork:
    """Build a backbone and put weights into it.

    Parameters
    ----------
    backbone : Backbone
    weights : "default", name, path, URL or None
        The published weights, others by their published name ("IMAGENET1K_V1"), a
        state dict in a .pth or .safetensors file or at an http(s) or file URL (of a
        training checkpoint, the state dict in it), or None for random weights.
    random_state : int, default=0
        Seed of the random weights.
    in_channels : int, default=3
        Number of input channels; see `hybridml.backbones.input_channels`. The digest
        is that of the weights before they are fitted to it.

    Raises
    ------
    WeightsError
        If the weights cannot be had, cannot be read, or do not fit the backbone.
    InvalidParameterError
        If the network cannot take so many channels.
    """
    loaded = _load(backbone, weights, random_state)
    module, preprocessing = loaded.module, loaded.preprocessing
    if in_channels == preprocessing.channels:
        return loaded
    if backbone.digest and first_convolution(module, in_channels) is None:
        # A network of one's own may take in its channels by other means.
        return replace(loaded, preprocessing=with_channels(preprocessing, in_channels))
    seed = random_state if weights is None else None
    widened = widen_input(module, preprocessing, in_channels, random_state=seed)
    return replace(loaded, preprocessing=widened)


def _load(
    backbone: Backbone, weights: str | Path | None, random_state: int
) -> LoadedNetwork:
    if backbone.digest is not None:
        return LoadedNetwork(
            _own_network(backbone, weights), backbone.digest, backbone.preprocessing
        )
    if weights is None:
        module = _build(backbone, backbone.n_classes, random_state)
        return LoadedNetwork(module, digest_state(module), backbone.preprocessing)
    state, preprocessing = _fetch(backbone, weights)
    module, missing = _fit_state(backbone, state, weights)
    return LoadedNetwork(module, digest_state(module), preprocessing, missing)


def _own_network(backbone: Backbone, weights: str | Path | None) -> nn.Module:
    if weights != "default":
        expected = "'default': a network given as a module brings its own weights"
        cure = "Load others into it with its load_state_dict."
        raise WeightsError(describe("weights", weights, expected, cure))
    return backbone.build(backbone.n_classes).eval()


def digest_state(module: nn.Module) -> str:
    """Digest all parameters and buffers of a module, whatever their order."""
    digest = hashlib.blake2b(digest_size=16)
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.detach().contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()


def weights_identity(weights: str | Path | None) -> tuple[object, ...]:
    """Say which weights are meant, so that a file written anew is read anew."""
    path = Path(weights) if weights is not None else None
    if path is None or not path.is_file():
        return (None if weights is None else str(weights),)
    stat = path.stat()
    return (str(path.resolve()), stat.st_size, stat.st_mtime_ns)


def _build(backbone: Backbone, n_classes: int, random_state: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random_state)
        return backbone.build(n_classes).eval()


def _fetch(
    backbone: Backbone, weights: str | Path
) -> tuple[Mapping[str, Tensor], Preprocessing]:
    named = backbone.named_weights.get(str(weights))
    if weights == "default":
        if backbone.fetch_default_weights is None:
            cure = "Pass weights=None to train it from scratch."
            expected = f"a file: {backbone.name!r} has no published weights"
            raise WeightsError(describe("weights", weights, expected, cure))
        fetch, preprocessing = backbone.fetch_default_weights, backbone.preprocessing
        return _download(fetch, backbone, weights), preprocessing
    if named is not None:
        return _download(named.fetch, backbone, weights), named.preprocessing
    state = read_weights(weights, known=("default", *backbone.named_weights))
    written = read_preprocessing(weights)
    if written is not None:
        return state, written
    file_name = PurePosixPath(str(weights)).name
    for published in backbone.named_weights.values():
        if published.file_name == file_name:
            return state, published.preprocessing
    return state, backbone.preprocessing


def _download(
    fetch: Callable[[], Mapping[str, Tensor]], backbone: Backbone, weights: str | Path
) -> Mapping[str, Tensor]:
    try:
        return fetch()
    except (URLError, OSError, RuntimeError) as exc:
        raise WeightsError(
            f"Cannot fetch the weights {str(weights)!r} of {backbone.name!r}: {exc}. "
            f"{NO_DOWNLOAD}"
        ) from exc


def _without_wrapper(
    backbone: Backbone, state: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """Take off the name of an attribute that held the network when it was saved."""
    with torch.device("meta"):
        expected = set(backbone.build(backbone.n_classes).state_dict())
    wrapper = next(iter(state)).partition(".")[0] + "."
    if expected & set(state) or not all(name.startswith(wrapper) for name in state):
        return state
    inner = {name.removeprefix(wrapper): value for name, value in state.items()}
    return inner if expected & set(inner) else state


def _fit_state(
    backbone: Backbone, state: Mapping[str, Tensor], weights: str | Path
) -> tuple[nn.Module, frozenset[str]]:
    state = _without_wrapper(backbone, state)
    module = _build(backbone, _n_classes_of(backbone, state))
    expected = module.state_dict()
    try:
        # Loading may adapt old key names and position embeddings: look only afterwards.
        found = module.load_state_dict(dict(state), strict=False)
    except RuntimeError:
        misfits = [
            f"{name}: {tuple(state[name].shape)} in the file, "
            f"{tuple(value.shape)} expected"
            for name, value in expected.items()
            if name in state and state[name].shape != value.shape
        ]
        raise _misfit(backbone, weights, misfits) from None
    missing = {k for k in found.missing_keys if not k.endswith("num_batches_tracked")}
    if found.unexpected_keys or len(missing) == len(expected):
        misfits = [f"{name}: not in the network" for name in found.unexpected_keys]
        misfits += [f"{name}: not in the file" for name in sorted(missing)]
        raise _misfit(backbone, weights, misfits)
    return module.eval(), frozenset(missing)


def _misfit(
    backbone: Backbone, weights: str | Path, misfits: Sequence[str]
) -> WeightsError:
    more = f" and {len(misfits) - 5} more" if len(misfits) > 5 else ""
    return WeightsError(
        f"The weights {str(weights)!r} do not fit {backbone.name!r}: "
        f"{'; '.join(misfits[:5])}{more}."
    )


def _n_classes_of(backbone: Backbone, state: Mapping[str, Tensor]) -> int:
    """Read from the last layer how many classes a checkpoint was trained for."""
    with torch.device("meta"):
        expected = backbone.build(backbone.n_classes).state_dict()
    last = [
        name
        for name, value in expected.items()
        if name.endswith("weight") and value.shape[0] == backbone.n_classes
    ]
    if last and last[-1] in state:
        return int(state[last[-1]].shape[0])
    return backbone.n_classes
