"""Which parameters learn in which epoch, where the trunk thaws stage by stage."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from torch import nn


def unfreeze_schedule(depths: Mapping[str, int], n_epochs: int) -> list[set[str]]:
    """Open one stage an epoch, the one nearest to the head first.

    The head learns alone in the first epoch, unless that is the only one. Where the
    stages are too many, several are opened at once, so that all of them learn in at
    least half of the epochs.

    Parameters
    ----------
    depths : mapping of {str: int}
        Depth of the parameters of the trunk that are to learn, by name; see
        `hybridml.finetune.training.optimizer.depths_of`.
    n_epochs : int

    Returns
    -------
    open_in : list of set of str
        For each epoch, the names of those that learn in it.

    References
    ----------
    J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text Classification",
    ACL 2018, section 3.2 (gradual unfreezing).

    Examples
    --------
    >>> depths = {"stem": 3, "stage1": 2, "stage2": 1}
    >>> for names in unfreeze_schedule(depths, 6):
    ...     print(sorted(names))
    []
    ['stage2']
    ['stage1', 'stage2']
    ['stage1', 'stage2', 'stem']
    ['stage1', 'stage2', 'stem']
    ['stage1', 'stage2', 'stem']
    """
    stages = sorted(set(depths.values()))
    last = min(len(stages), n_epochs // 2)  # the epoch that opens the last stage
    opens = {
        depth: math.ceil(place * last / len(stages))
        for place, depth in enumerate(stages, start=1)
    }
    return [
        {name for name, depth in depths.items() if opens[depth] <= epoch}
        for epoch in range(n_epochs)
    ]


def let_learn(
    trunk: nn.Module, names: Collection[str], *, scope: Collection[str]
) -> None:
    """Let some parameters of a scope learn, and the others of it not.

    An optimizer that has them all leaves those alone that do not learn, decay and
    momentum included, as long as their gradient is None; it is made None here.

    Parameters
    ----------
    trunk : nn.Module
        Changed in place.
    names : collection of str
        Those that learn now.
    scope : collection of str
        All that learn at some time; others stay as they are.
    """
    for name, parameter in trunk.named_parameters():
        if name in scope:
            parameter.requires_grad_(name in names)
            if name not in names:
                parameter.grad = None
