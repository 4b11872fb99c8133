"""Results of folds on disk: what a killed comparison finished is not computed again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import warnings
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.outputs import Outputs
from hybridml.exceptions import StoreWarning

_TABLES = ("inner_scores", "history")
_N_DIGEST = 20


class Journal:
    """One file a result, named by all that the result depends on.

    A file is complete or absent. What a damaged one held is computed again; that, and a
    folder that cannot be written to, costs a warning, once.

    Parameters
    ----------
    folder : Path or None
        Made when the first result comes; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._has_warned = False

    def find(self, key: str | None) -> FoldResult | None:
        """Look a result up; None where it is not there."""
        if self.folder is None or key is None:
            return None
        path = self.folder / f"{key}.result"
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            self._warn(f"cannot read {path.name} ({exc})")
            return None
        digest, body = content[:_N_DIGEST], content[_N_DIGEST:]
        if digest != _digest(body):
            self._warn(f"found {path.name} damaged")
            return None
        return _decode(body)

    def add(self, key: str | None, result: FoldResult) -> None:
        """Keep a result."""
        if self.folder is None or key is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            body = _encode(result)
            _write(self.folder / f"{key}.result", _digest(body) + body)
        except OSError as exc:
            self._warn(f"cannot write to {self.folder} ({exc})")

    def _warn(self, what: str) -> None:
        if not self._has_warned:
            message = f"The comparison's journal {what}; going on without it."
            warnings.warn(message, StoreWarning, stacklevel=2)
        self._has_warned = True


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_N_DIGEST).digest()


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _encode(result: FoldResult) -> bytes:
    plain = {
        field.name: getattr(result, field.name)
        for field in fields(result)
        if field.name not in ("outputs", *_TABLES)
    }
    for name in _TABLES:
        table = getattr(result, name)
        plain[name] = None if table is None else table.to_dict("list")
    arrays = {k: v for k, v in asdict(result.outputs).items() if v is not None}
    buffer = io.BytesIO()
    text = json.dumps(plain, default=_plain)
    np.savez_compressed(buffer, _plain=np.array(text), **arrays)
    return buffer.getvalue()


def _decode(content: bytes) -> FoldResult:
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        arrays: dict[str, npt.NDArray[Any]] = {name: kept[name] for name in kept.files}
    plain = json.loads(str(arrays.pop("_plain")))
    for name in _TABLES:
        table = plain.pop(name)
        plain[name] = None if table is None else pd.DataFrame(table)
    return FoldResult(**plain, outputs=Outputs(**arrays))


def _plain(value: Any) -> Any:
    """Turn a number of NumPy's into one of Python's."""
    return value.item()
