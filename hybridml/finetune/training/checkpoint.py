"""Where a training run is kept while it goes on: a file that survives kill -9."""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import torch

from hybridml.exceptions import TrainingWarning

_SAVE_EVERY_S = 60.0


class Keeping(Protocol):
    """Keeps the state of a training run while it goes on."""

    @property
    def is_due(self) -> bool:
        """Whether the last save is so long ago that much would be lost."""

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep a state of tensors, numbers and text in place of the last one."""

    def load(self) -> dict[str, Any] | None:
        """Return the state that was saved last; None if there is none to be read."""


class Checkpoint:
    """One file in a folder, named by what the run depends on.

    Runs of other parameters or data have files of their own, so that a search may share
    a folder. The file is replaced as a whole, and read without running any code.

    Parameters
    ----------
    folder : str or Path
        Made if absent.
    identity : mapping
        All that a run depends on, in JSON's types.
    """

    def __init__(self, folder: str | Path, identity: Mapping[str, Any]) -> None:
        text = json.dumps(identity, sort_keys=True).encode()
        name = hashlib.blake2b(text, digest_size=12).hexdigest()
        self.path = Path(folder).expanduser() / f"{name}.pt"
        self._saved = time.monotonic()
        self._is_given_up = False

    @property
    def is_due(self) -> bool:
        """Whether the last save is so long ago that much would be lost."""
        return time.monotonic() - self._saved >= _SAVE_EVERY_S

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep a state of tensors, numbers and text in place of the last one.

        Where the folder cannot be written to, a `TrainingWarning` says so, once.
        """
        if self._is_given_up:
            return
        partial = self.path.with_suffix(f".{os.getpid()}.partial")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _write(partial, state)
            partial.replace(self.path)
        except (OSError, RuntimeError) as exc:  # torch's, if the disk fills up
            self._give_up(exc, partial)
        self._saved = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Return the state that was saved last; None if there is none to be read."""
        try:
            if not self.path.exists():
                return None
            state: dict[str, Any] = torch.load(
                self.path, map_location="cpu", weights_only=True
            )
        except (OSError, EOFError, RuntimeError, UnpicklingError) as exc:
            reason = str(exc).partition("\n")[0]
            message = (
                f"The checkpoint {str(self.path)!r} cannot be read ({reason}): "
                "training begins anew."
            )
            warnings.warn(message, TrainingWarning, stacklevel=9)  # at the call of fit
            return None
        return state

    def _give_up(self, exc: Exception, partial: Path) -> None:
        self._is_given_up = True
        with suppress(OSError):
            partial.unlink()
        reason = str(exc).partition("\n")[0]
        message = (
            f"The training cannot be kept in {str(self.path.parent)!r} ({reason}): it "
            "goes on, but would begin anew after a kill. Pass another checkpoint."
        )
        warnings.warn(message, TrainingWarning, stacklevel=11)  # at the call of fit


def _write(path: Path, state: Mapping[str, Any]) -> None:
    with path.open("wb") as file:
        torch.save(dict(state), file)
        file.flush()
        os.fsync(file.fileno())  # else a power cut may leave an empty file
