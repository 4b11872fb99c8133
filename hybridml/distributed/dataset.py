"""A finished dataset of features: to be read, or moved into a feature store."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml._checks import check_name
from hybridml.distributed.configuration import Configuration
from hybridml.distributed.finishing import IMAGES, MANIFEST
from hybridml.distributed.folder import Folder
from hybridml.distributed.parts import DIGEST, read_rows, read_table
from hybridml.exceptions import DataError, StoreWarning, UnknownCutLayerError
from hybridml.features.store import FeatureStore
from hybridml.images.source import is_url


class FeatureDataset:
    """Features of images in parquet files, as `extract_features` writes them.

    Each image content has one row, which holds all the declared stages of the network,
    a column of lists each: other tools read the folder as it is, such as
    ``pandas.read_parquet(folder)``.

    Parameters
    ----------
    path : str or Path
        Folder or URL, where an extraction was finished.

    Attributes
    ----------
    manifest : dict
        "n_images", "n_bad_images", "n_rows", "parts", "configuration", "cut_layers"
        (those asked for), and of the last call "images_forwarded", "bytes_read",
        "bytes_written", "workers_lost" and "seconds" (since the first was ready).

    Raises
    ------
    DataError
        If there is no finished dataset.

    Examples
    --------
    >>> import tempfile
    >>> from hybridml import FeatureDataset, extract_features
    >>> from hybridml.testing import make_photos, register_tiny_backbone
    >>> X, y = make_photos(4)
    >>> folder = tempfile.TemporaryDirectory()
    >>> dataset = extract_features(
    ...     X, output=folder.name, backbone=register_tiny_backbone()
    ... )
    >>> FeatureDataset(folder.name).features(cut_layer="stem").shape
    (4, 8)
    >>> folder.cleanup()
    """

    def __init__(self, path: str | Path) -> None:
        location = str(path)
        self.path = location if is_url(location) else str(Path(path).expanduser())
        self._folder = Folder(self.path)
        try:
            with self._folder.open(MANIFEST) as stream:
                self.manifest: dict[str, Any] = json.load(stream)
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise DataError(
                f"Got path={self.path!r}; expected a finished dataset of features. An "
                "interrupted extraction is finished by running it again."
            ) from exc

    @property
    def cut_layers(self) -> list[str]:
        """Names of the stages that each row holds."""
        return list(self._configuration.widths)

    def images(self) -> pd.DataFrame:
        """Say which images there are.

        Returns
        -------
        images : DataFrame
            In the order given to the extraction: "image" (path or URL), "digest" of the
            content, and "problem", why there are no features, where there are none.
        """
        images: pd.DataFrame = read_table(self._folder, IMAGES).to_pandas()
        return images

    def features(
        self, cut_layer: str | Sequence[str] | None = None
    ) -> npt.NDArray[np.float32]:
        """Read the features of all images.

        Parameters
        ----------
        cut_layer : str, list of str or None, default=None
            Of `cut_layers`; None is what the extraction was asked for.

        Returns
        -------
        features : ndarray of shape (n_images, n_features), float32
            In the order given to the extraction; NaN for images without features.

        Raises
        ------
        UnknownCutLayerError
            If the rows do not hold such a stage.
        """
        stages = self._stages(cut_layer)
        digests = read_table(self._folder, IMAGES, [DIGEST])[DIGEST].to_pylist()
        places: dict[bytes, list[int]] = {}
        for i, digest in enumerate(digests):
            if digest is not None:
                places.setdefault(digest, []).append(i)
        width = sum(self._configuration.widths[stage] for stage in stages)
        features = np.full((len(digests), width), np.nan, dtype=np.float32)
        for name in self.manifest["parts"]:
            found, rows = read_rows(self._folder, name, stages)
            for digest, row in zip(found, rows, strict=True):
                features[places.get(digest, [])] = row
        return features

    def copy_to(self, store: FeatureStore | str | Path) -> int:
        """Put the rows into a feature store, where an extractor finds them.

        A `DeepFeatureExtractor` of the same backbone, weights, pooling, image size and
        precision, with this store, then computes none of these images again, wherever
        their files are.

        Parameters
        ----------
        store : FeatureStore or path

        Returns
        -------
        n_rows : int
        """
        kept = store if isinstance(store, FeatureStore) else FeatureStore(store)
        widths = self._configuration.widths
        n_bytes = 4 * self.manifest["n_rows"] * sum(widths.values())
        if n_bytes > kept.max_bytes:
            message = (
                f"The dataset has {n_bytes} bytes of features; the store keeps "
                f"max_bytes={kept.max_bytes} of them. Raise max_bytes."
            )
            warnings.warn(message, StoreWarning, stacklevel=2)
        n_rows = 0
        for name in self.manifest["parts"]:
            digests, rows = read_rows(self._folder, name, list(widths))
            keys = [self._configuration.key + digest for digest in digests]
            kept.write(keys, rows, widths=tuple(widths.values()))
            n_rows += len(keys)
        return n_rows

    def __len__(self) -> int:
        return int(self.manifest["n_images"])

    def __repr__(self) -> str:
        return f"FeatureDataset({self.path!r})"

    @cached_property
    def _configuration(self) -> Configuration:
        return Configuration(self.manifest["identity"])

    def _stages(self, cut_layer: str | Sequence[str] | None) -> list[str]:
        if cut_layer is None:
            return list(self.manifest["cut_layers"])
        stages = [cut_layer] if isinstance(cut_layer, str) else list(cut_layer)
        for stage in stages:
            check_name(
                "cut_layer",
                stage,
                self.cut_layers,
                expected=f"one of {self.cut_layers}",
                error=UnknownCutLayerError,
            )
        return stages
