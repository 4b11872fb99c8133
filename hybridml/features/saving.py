"""Saving the features of many images to one file, in memory that does not grow."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt
from numpy.lib.format import write_array_header_1_0

from hybridml._checks import describe
from hybridml._progress import image_progress
from hybridml.backbones.own_network import network_name
from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.images.door import as_images
from hybridml.images.failures import raise_bad_images
from hybridml.images.source import is_url, open_url

FORMATS = (".parquet", ".npy")
_PART_BYTES = 32 * 2**20
_PART_ROWS = 4096

Features = npt.NDArray[np.float32]


def save_features(
    extractor: DeepFeatureExtractor,
    X: Any,
    output: str | Path,
    *,
    labels: Sequence[Any] | npt.NDArray[Any] | None = None,
) -> tuple[int, int]:
    """Save the features of images as a table or an array, part by part.

    Each part is computed, or read from the extractor's store, and written before the
    next one begins. The file appears under its name when it is complete; after an
    interruption, call again: what the store holds is not computed twice.

    Parameters
    ----------
    extractor : DeepFeatureExtractor
        Fitted or not; ``verbose=1`` shows the progress.
    X : sequence of n_images images
        As the extractor takes them.
    output : str or Path
        A file, or a URL that fsspec can write, with one of two endings. ``.parquet``:
        the columns "image" (its path or URL; its position where it has none), "label",
        where labels are given, and one per feature, named as `get_feature_names_out`
        does. ``.npy``: the features alone, float32.
    labels : sequence of n_images or None, default=None

    Returns
    -------
    shape : tuple of (int, int)
        Number of images and of features.

    Raises
    ------
    InvalidParameterError
        If the output ends otherwise.
    DataError
        If there are no images, or not as many labels.
    ImageDecodeError
        If images cannot be decoded and the extractor is to raise then: after all the
        others are in its store. Nothing is saved.

    Examples
    --------
    >>> from hybridml.features import DeepFeatureExtractor, save_features
    >>> extractor = DeepFeatureExtractor(verbose=1)
    >>> save_features(extractor, ["a.jpg"], "features.parquet")  # doctest: +SKIP
    (1, 1280)
    """
    suffix = Path(str(output)).suffix.lower()
    if suffix not in FORMATS:
        expected = "a file name that ends in .parquet or .npy"
        raise InvalidParameterError(describe("output", str(output), expected))
    images = as_images(X, channels=extractor.in_channels)
    kept = None if labels is None else np.asarray(labels)
    if not len(images):
        raise DataError("Found no images: X is empty; expected at least one.")
    if kept is not None and len(kept) != len(images):
        raise DataError(f"Got {len(kept)} labels for {len(images)} images.")
    names = extractor.get_feature_names_out()
    writer = _TableWriter if suffix == ".parquet" else _ArrayWriter
    with (
        _complete_file(str(output)) as stream,
        writer(stream, names, len(images)) as rows,
    ):
        for part, features in _parts(extractor, images, len(names)):
            rows.write(features, _names_of(images, part), _part_of(kept, part))
    return len(images), len(names)


def _parts(
    extractor: DeepFeatureExtractor, images: npt.NDArray[Any], n_features: int
) -> Iterator[tuple[slice, Features]]:
    """Compute part by part; at the end, raise for all the bad images if so asked."""
    n_rows = max(1, min(_PART_ROWS, _PART_BYTES // (4 * n_features)))
    name, is_shown = network_name(extractor.backbone), extractor.verbose > 0
    failures: dict[int, str] = {}
    with image_progress(len(images), name, shown=is_shown) as tick:
        for start in range(0, len(images), n_rows):
            part = slice(start, start + n_rows)
            features, bad = extractor.transform_with_failures(
                images[part], on_progress=tick
            )
            failures |= {start + place: reason for place, reason in bad.items()}
            yield part, features
    if extractor.on_bad_image == "raise":
        raise_bad_images(failures, images)


class _TableWriter:
    """Writes parts of a table as row groups of a parquet file."""

    def __init__(
        self, stream: BinaryIO, names: npt.NDArray[Any], n_images: int
    ) -> None:
        self._stream, self._names = stream, names
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, features: Features, images: list[Any], labels: Any) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        columns = {"image": pa.array(images)}
        if labels is not None:
            columns["label"] = pa.array(labels)
        columns |= dict(zip(self._names, map(pa.array, features.T), strict=True))
        table = pa.table(columns)
        if self._writer is None:
            self._writer = ParquetWriter(self._stream, table.schema)
        self._writer.write_table(table)


class _ArrayWriter:
    """Writes parts of an array one after the other, behind a .npy file's header."""

    def __init__(
        self, stream: BinaryIO, names: npt.NDArray[Any], n_images: int
    ) -> None:
        self._stream = stream
        header = {
            "descr": "<f4",
            "fortran_order": False,
            "shape": (n_images, len(names)),
        }
        write_array_header_1_0(stream, header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def write(self, features: Features, images: list[Any], labels: Any) -> None:
        self._stream.write(features.astype("<f4", copy=False).tobytes())


@contextmanager
def _complete_file(output: str) -> Iterator[BinaryIO]:
    """Open a file that gets its name, or is sent to its URL, only when complete."""
    if is_url(output):
        with TemporaryFile() as stream:
            yield stream
            stream.seek(0)
            with open_url(output, "wb") as remote:
                shutil.copyfileobj(stream, remote)
        return
    path = Path(output).expanduser()
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("wb") as stream:
            yield stream
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _names_of(images: npt.NDArray[Any], part: slice) -> list[Any]:
    """Paths or URLs; positions for images that have neither."""
    positions = range(*part.indices(len(images)))
    if images.dtype == object and isinstance(images[0], str):
        return [images[i] if isinstance(images[i], str) else None for i in positions]
    return list(positions)


def _part_of(labels: npt.NDArray[Any] | None, part: slice) -> npt.NDArray[Any] | None:
    return None if labels is None else labels[part]
