"""Measuring how similar images are to those that a backbone was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._checks import Problems, is_count
from hybridml.backbones.loading import network_of
from hybridml.comparing.tasks import Task, check_targets, find_task
from hybridml.exceptions import DataError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.transfer.cases.search_space import list_layers_to_try
from hybridml.transfer.evidence.batch_norms import batch_norm_shifts
from hybridml.transfer.evidence.neighbours import neighbour_score
from hybridml.transfer.evidence.outputs import read_outputs
from hybridml.transfer.evidence.similarity import Similarity
from hybridml.transfer.stage_features import features_of_layers


def measure_similarity(
    X: Any,
    *,
    y: Any = None,
    backbone: str = "efficientnet_lite0",
    weights: str | Path = "default",
    task: str = "auto",
    image_size: int | None = None,
    max_images: int = 256,
    device: str = "auto",
    precision: str = "auto",
    store: str | Path | FeatureStore | None = "default",
    random_state: int = 0,
    n_jobs: int | None = None,
) -> Similarity:
    """Measure how similar images are to those that a backbone was trained on.

    Of ImageNet itself nothing is needed: the batch norms of a pretrained network hold
    the mean and the variance of each channel over its training images.

    Parameters
    ----------
    X : sequence of n_images images
        As for `DeepFeatureExtractor`.
    y : array-like of shape (n_images,) or (n_images, n_targets), default=None
        Where given, neighbours at an early and at a late layer are compared, too.
    backbone : str, default="efficientnet_lite0"
        Those with batch norms give the best evidence; see `Similarity`.
    weights : "default", name, path or URL, default="default"
        Random weights (None) know no images to be similar to.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What `y` is.
    image_size : int or None, default=None
        Side of the square input in pixels; None for that of the weights, at which the
        numbers mean most: at smaller ones everything looks coarser than what the
        network has learned, and even its own training images seem less similar.
    max_images : int, default=256
        How many images are looked at, drawn at random where there are more.
    device, precision : str, default="auto"
        As for `DeepFeatureExtractor`. Batch norms are compared in float32 anyway.
    store : "default", path, FeatureStore or None, default="default"
        Where the features of these images are kept.
    random_state : int, default=0
        Seed of the draw.
    n_jobs : int or None, default=None
        Threads; None for one a core.

    Returns
    -------
    similarity : Similarity
        With `score`, `is_similar`, `verdict` and the numbers behind them.

    Raises
    ------
    DataError
        If there are fewer than two images, or targets that do not suit the task.
    InvalidParameterError, UnknownBackboneError, WeightsError
        If a parameter is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.integers(0, 256, (8, 224, 224, 3), dtype=np.uint8)
    >>> similarity = measure_similarity(noise, store=None)
    >>> similarity.is_similar, similarity.batch_norm_distance > 1
    (False, True)
    """
    problems = Problems("measure_similarity")
    expected = "pretrained weights: random ones know no images to be similar to"
    problems.expect(weights is not None, "weights", weights, expected)
    is_number = is_count(max_images, minimum=2)
    problems.expect(is_number, "max_images", max_images, "at least 2 images")
    expected = "a whole number >= 0"
    is_seed = is_count(random_state, minimum=0)
    problems.expect(is_seed, "random_state", random_state, expected)
    problems.raise_all()
    images = as_images(X)
    if len(images) < 2:
        raise DataError(f"Got {len(images)} images; expected at least two to measure.")
    drawn = _draw(len(images), max_images, random_state)
    kind = None if y is None else find_task(y, task)
    targets = None if kind is None else check_targets(y, len(images), kind)[drawn]
    extractor = DeepFeatureExtractor(
        backbone,
        weights=weights,
        image_size=image_size,
        device=device,
        precision=precision,
        store=store,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    return _measure(_Sample(images[drawn], targets, kind), extractor)


@dataclass(frozen=True)
class _Sample:
    images: npt.NDArray[Any]
    targets: npt.NDArray[Any] | None
    task: Task | None


def _draw(n_images: int, n_most: int, random_state: int) -> npt.NDArray[np.intp]:
    if n_images <= n_most:
        return np.arange(n_images)
    rng = np.random.default_rng(random_state)
    return np.sort(rng.choice(n_images, n_most, replace=False))


def _measure(sample: _Sample, extractor: DeepFeatureExtractor) -> Similarity:
    network = network_of(extractor)
    early, late = _early_and_late(extractor)
    wanted = [] if sample.targets is None else [early, late]
    if "logits" in [stage.name for stage in network.stages]:  # else without their top
        wanted.append("logits")
    layers = list(dict.fromkeys(wanted))
    found: dict[str, Any] = {}
    for name, features in features_of_layers(sample.images, extractor, layers):
        if name == "logits":
            found["output_entropy"], found["top_probability"] = read_outputs(features)
        elif sample.targets is not None and sample.task is not None:
            score = neighbour_score(features, sample.targets, sample.task)
            found |= {"early_layer": early, "early_knn": score} if name == early else {}
            found |= {"late_layer": late, "late_knn": score} if name == late else {}
    norms = batch_norm_shifts(sample.images, network, n_jobs=extractor.n_jobs)
    return Similarity(
        backbone=network.backbone.name,
        n_images=len(sample.images),
        image_size=network.preprocessing.crop,
        batch_norm_distance=float(norms["shift"].median()),
        batch_norms=norms,
        **found,
    )


def _early_and_late(extractor: DeepFeatureExtractor) -> tuple[str, str]:
    """Name the stage after a third of the network, and the last one."""
    layers = list_layers_to_try("all", extractor)
    return layers[(len(layers) - 1) // 3], layers[-1]
