"""What a fusion costs beside what is measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hybridml.backbones.cut_layer import name_cut_layers
from hybridml.backbones.loading import network_of
from hybridml.comparing.contender import ExtraCosts, Work
from hybridml.fusion.comparing.nested import extractors_of

_BYTES_A_NUMBER = 4  # weights are float32 where they are kept

# Rough work of a fold, where fusing early counts as 1. Members of late fusions are
# those that were fitted alone.
_WORK = {"alone": 1.0, "early": 1.0, "late": 0.1, "intermediate": 3.0}


def expected_work(kind: str) -> Work:
    """Say what a fold of a kind takes, roughly."""
    return Work(_WORK.get(kind, 0.01), is_telling=kind in ("early", "intermediate"))


def extra_costs(
    encoders: Sequence[Any],
    *,
    n_predicted: int,
    n_forwarded: int,
    fit_seconds: float = 0.0,
) -> ExtraCosts:
    """Count the networks of the encoders, and features that were stored.

    Parameters
    ----------
    encoders : sequence of estimators
    n_predicted, n_forwarded : int
        Rows that were predicted, and images that went through networks for that.
    fit_seconds : float
        That fitting was spared.
    """
    extractors = [one for encoder in encoders for one in extractors_of(encoder)]
    if not extractors:
        return ExtraCosts(fit_seconds=fit_seconds)
    n_images = len(extractors) * n_predicted
    share_stored = max(0, n_images - n_forwarded) / n_images
    seconds = sum(extractor.seconds_per_image() for extractor in extractors)
    return ExtraCosts(
        seconds=share_stored * n_predicted * seconds,
        n_bytes=_BYTES_A_NUMBER * sum(_n_numbers(one) for one in extractors),
        fit_seconds=fit_seconds,
    )


def _n_numbers(extractor: Any) -> int:
    """Count the weights of a network up to the last layer that is asked for."""
    network = network_of(extractor)
    names = name_cut_layers(network.backbone, extractor.cut_layer)
    return max(network.n_numbers(network.find(name)) for name in names)
