"""How far images move a network's activations from those that it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hybridml.backbones.counting import count_forwarded
from hybridml.backbones.network import Network
from hybridml.backbones.normalising import normalise
from hybridml.backbones.workers import count_workers
from hybridml.images.batch import load_batch
from hybridml.images.failures import raise_bad_images
from hybridml.transfer.evidence.moments import Moments, equivalent_shift

_N_ROWS = 16


def batch_norm_shifts(
    images: npt.NDArray[Any], network: Network, *, n_jobs: int | None = None
) -> pd.DataFrame:
    """Compare activations with the running statistics of each batch norm.

    The mean and the variance that a batch norm has learned sum up what the network
    was trained on. The network runs in float32, its batch norms not folded.

    Parameters
    ----------
    images : ndarray of shape (n_images, ...)
        As `as_images` gives them.
    network : Network
    n_jobs : int or None, default=None
        Threads that decode.

    Returns
    -------
    shifts : DataFrame
        One row per batch norm that has learned anything, as the network names them:

        - layer: the module's name;
        - n_channels;
        - shift: the median over the channels of `equivalent_shift`.

    Raises
    ------
    ImageDecodeError
        If images cannot be decoded.
    """
    module = network.trainable_copy().eval().to(network.device)
    norms = dict(_learned_norms(module))
    moments = {name: Moments() for name in norms}
    if norms:
        with ExitStack() as hooks, torch.inference_mode():
            for name, norm in norms.items():
                hook = norm.register_forward_pre_hook(_listen(moments[name]))
                hooks.callback(hook.remove)
            for pixels in _batches(images, network, n_jobs):
                module(pixels)
                count_forwarded(len(pixels))
    rows = [
        {"layer": name, "n_channels": norm.num_features, "shift": _shift(norm, found)}
        for (name, norm), found in zip(norms.items(), moments.values(), strict=True)
        if found.n_values
    ]
    columns = ["layer", "n_channels", "shift"]
    return pd.DataFrame(rows, columns=columns).astype({"shift": float})


def _learned_norms(module: nn.Module) -> Iterator[tuple[str, _BatchNorm]]:
    """Find the batch norms whose statistics are not those that they began with."""
    for name, norm in module.named_modules():
        if not isinstance(norm, _BatchNorm):
            continue
        mean, variance = norm.running_mean, norm.running_var
        if mean is None or variance is None:
            continue
        if bool((mean != 0).any()) or bool((variance != 1).any()):
            yield name, norm


def _listen(moments: Moments) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def hook(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        # Image by image: several times as fast as over all axes at once.
        values = inputs[0].reshape(*inputs[0].shape[:2], -1)
        means = values.mean(2)
        within = _numbers((values - means[..., None]).square_().mean(2))
        between = _numbers(means)
        variance = within.mean(axis=0) + between.var(axis=0)
        moments.add(len(values) * values.shape[2], between.mean(axis=0), variance)

    return hook


def _batches(
    images: npt.NDArray[Any], network: Network, n_jobs: int | None
) -> Iterator[Tensor]:
    made = network.preprocessing
    load = partial(
        load_batch,
        resize=made.resize,
        crop=made.crop,
        interpolation=made.interpolation,
        channels=made.channels,
    )
    with ThreadPoolExecutor(count_workers(n_jobs)) as threads:
        for start in range(0, len(images), _N_ROWS):
            pixels, failures = load(images[start : start + _N_ROWS], executor=threads)
            raise_bad_images({start + i: why for i, why in failures.items()}, images)
            tensor = torch.from_numpy(pixels).to(network.device)
            yield normalise(tensor.permute(0, 3, 1, 2), made)


def _shift(norm: _BatchNorm, found: Moments) -> float:
    """Median over the channels whose learned statistics are finite."""
    learned = [_numbers(value) for value in (norm.running_mean, norm.running_var)]
    shifts = equivalent_shift(
        found.mean, found.variance + norm.eps, learned[0], learned[1] + norm.eps
    )
    finite = shifts[np.isfinite(shifts)]
    return float(np.median(finite)) if len(finite) else np.nan


def _numbers(values: Tensor | None) -> npt.NDArray[np.float64]:
    if values is None:
        return np.zeros(0)
    return values.detach().cpu().numpy().astype(np.float64)
