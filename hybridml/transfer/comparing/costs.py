"""What a case costs: before it is run, and beside what is measured of it."""

from __future__ import annotations

from hybridml.backbones.loading import network_of
from hybridml.comparing.contender import ExtraCosts, Work
from hybridml.finetune.parameters import planned_epochs
from hybridml.transfer.cases.making import CaseOptions, extractor_of

_BYTES_A_NUMBER = 4  # weights are float32 where they are kept

# Rough cost of a fold's epoch, in passes of its images through the network.
_PASSES_PER_EPOCH = {2: 2.0, 3: 5.0, 4: 5.0}


def expected_work(case: int | None, options: CaseOptions) -> Work:
    """Say what a fold of a case takes, roughly; None is the baseline."""
    if case is None:
        return Work(0.01, is_telling=False)
    if case < 2:
        return Work(1.0, is_telling=case == 0)
    n_epochs = planned_epochs(options.epochs, scratch=case == 4)
    return Work(max(1.0, n_epochs * _PASSES_PER_EPOCH[case]))


def extra_costs(
    case: int | None, options: CaseOptions, cut_layer: str, *, n_stored: int
) -> ExtraCosts:
    """Count what a fitted case needs, and what its predictions were spared.

    What fine-tuning made carries its network along; the other cases need the pretrained
    one, up to where it is cut.

    Parameters
    ----------
    case : int or None
    options : CaseOptions
    cut_layer : str
        Where the network ends.
    n_stored : int
        Images of which the features were stored.
    """
    if case not in (0, 1):
        return ExtraCosts()
    network = network_of(extractor_of(options, cut_layer))
    pooling = {"pooling": "mean"} if case == 0 else {}
    extractor = extractor_of(options, cut_layer, **pooling)
    return ExtraCosts(
        seconds=n_stored * extractor.seconds_per_image(),
        n_bytes=_BYTES_A_NUMBER * network.n_numbers(network.find(cut_layer)),
    )
