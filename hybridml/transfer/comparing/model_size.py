"""How large what predicts is: the part of the network that runs, and its head."""

from __future__ import annotations

import pickle
from typing import Any

from hybridml.backbones.loading import network_of
from hybridml.transfer.cases.making import extractor_of
from hybridml.transfer.comparing.candidate import Candidate

_BYTES_A_NUMBER = 4  # weights are float32 where they are kept


def model_megabytes(candidate: Candidate, estimator: Any, cut_layer: str) -> float:
    """Size of a fitted candidate in 10^6 bytes.

    What fine-tuning made carries its network along; the other cases need the pretrained
    one, up to where it is cut.

    Parameters
    ----------
    candidate : Candidate
    estimator : fitted estimator
        Without callbacks.
    cut_layer : str
        Where the network ends.
    """
    n_bytes = len(pickle.dumps(estimator))
    if candidate.case in (0, 1):
        network = network_of(extractor_of(candidate.options, cut_layer))
        n_bytes += _BYTES_A_NUMBER * network.n_numbers(network.find(cut_layer))
    return n_bytes / 1e6
