"""Where features may be put: an array of the caller's, or a file mapped into memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.lib.format import open_memmap

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError


def open_out(
    out: npt.NDArray[np.float32] | str | Path | None, shape: tuple[int, int]
) -> npt.NDArray[np.float32] | None:
    """Check an estimator's `out`, and make the file if it is a path.

    Parameters
    ----------
    out : ndarray, path or None
    shape : tuple of int
        Of the features.

    Returns
    -------
    out : ndarray of that shape, float32, or None

    Raises
    ------
    InvalidParameterError
        If it is no path of a .npy file, nor a writable float32 array of that shape.
    """
    if out is None:
        return None
    if isinstance(out, str | Path):
        return _make_file(Path(out), shape)
    if isinstance(out, np.ndarray):
        is_fit = out.shape == shape and out.dtype == np.float32 and out.flags.writeable
        if is_fit:
            return out
        state = "writable" if out.flags.writeable else "read-only"
        got = f"a {state} array of shape {out.shape} and dtype {out.dtype}"
    else:
        got = repr(out)
    raise InvalidParameterError(
        f"Got out={got}; expected a writable float32 array of shape {shape}, the path "
        "of a .npy file, or None."
    )


def _make_file(path: Path, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    if path.suffix != ".npy":
        expected = "a path that ends in .npy"
        cure = "For a table, see hybridml.features.save_features."
        raise InvalidParameterError(describe("out", str(path), expected, cure))
    if not path.expanduser().parent.is_dir():
        expected = "a path in a folder that exists"
        raise InvalidParameterError(describe("out", str(path), expected))
    made: npt.NDArray[np.float32] = open_memmap(
        path.expanduser(), mode="w+", dtype=np.float32, shape=shape
    )
    return made
