"""Extraction in this process, with threads."""

from __future__ import annotations

from hybridml.distributed.run import Run
from hybridml.distributed.worker import Worker


def run_here(run: Run) -> None:
    """Compute all blocks, one after the other.

    Parameters
    ----------
    run : Run
    """
    worker = Worker(run.settings)
    run.admit(worker.describe())
    while (block := run.ledger.draw()) is not None:
        places = run.note_read(block, worker.read(block, run.images_of(block)))
        if places:
            run.note_computed(block, worker.compute(block, places))
        else:
            worker.forget(block)
