"""Members that several late fusions have in common are fitted once on the same rows."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import pandas as pd

from hybridml.fusion.late.member import Member
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.modalities.block import Block


@dataclass(frozen=True, eq=False)
class FittedMember:
    """A fitted member, with what it says out of fold.

    Attributes
    ----------
    member : Member
    said : Block of shape (n_rows, n_outputs)
    seconds : float
        That fitting it took.
    is_shared : bool
        Whether it was fitted for another fusion.
    """

    member: Member
    said: Block
    seconds: float
    is_shared: bool = False


_kept: ContextVar[dict[Hashable, FittedMember] | None] = ContextVar(
    "shared_members", default=None
)


@contextmanager
def share_members() -> Iterator[None]:
    """Let late fusions that are fitted within the block share their members.

    Those of the same modality, encoder (the same object) and settings are fitted once
    for the same rows. Rows are known by the index of the table and by their targets:
    within the block all tables have to be parts of one. What was fitted is forgotten at
    the end of the block.
    """
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def fit_member(member: Member, frame: pd.DataFrame, targets: Targets) -> FittedMember:
    """Fit a member, unless one like it has been fitted within `share_members`."""
    kept = _kept.get()
    if kept is None:
        return _fit(member, frame, targets)
    rows = pd.util.hash_pandas_object(frame.index, index=False).to_numpy()
    key = (member.settings, rows.tobytes(), targets.values.tobytes())
    if key in kept:
        return replace(kept[key], is_shared=True)
    kept[key] = _fit(member, frame, targets)
    return kept[key]


def _fit(member: Member, frame: pd.DataFrame, targets: Targets) -> FittedMember:
    started = time.perf_counter()
    said = member.fit(frame, targets)
    return FittedMember(member, said, time.perf_counter() - started)
