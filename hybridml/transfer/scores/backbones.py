"""Scores of several backbones: which one to take, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd
from scipy.special import softmax

from hybridml._checks import describe
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.transfer.cases.search_space import list_layers_to_try
from hybridml.transfer.scores.problem import ScoreProblem, cost_of_layers
from hybridml.transfer.stage_features import features_of_layers


def score_backbones(
    X: Any,
    y: Any,
    *,
    backbones: Sequence[str],
    cut_layer: str | int = "penultimate",
    scores: str | Sequence[str] = ("logme", "knn"),
    task: str = "auto",
    weights: str | Path | None = "default",
    image_size: int | None = None,
    pooling: str = "mean",
    device: str = "auto",
    precision: str = "auto",
    store: str | Path | FeatureStore | None = "default",
    max_images: int | None = 2000,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Score how well the features or outputs of each backbone suit the targets.

    Each image goes through each backbone once, and not at all where the store has its
    features.

    Parameters
    ----------
    X : sequence of n_images images
        As for `DeepFeatureExtractor`.
    y : array-like of shape (n_images,) or (n_images, n_targets)
        Classes, a table of several labels, or one or more numbers an image.
    backbones : sequence of str
        Of `list_backbones()`.
    cut_layer : str or int, default="penultimate"
        Whose features are scored: a name or a position that all the backbones have.
    scores : str or sequence of str, default=("logme", "knn")
        As for `score_cut_layers`; for classes "leep" and "nce", too, which ask how well
        the outputs of the pretrained network tell them. The first one ranks.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What the targets are. Whole numbers are taken for classes unless it is said.
    weights, image_size, pooling, device, precision, store
        As for `DeepFeatureExtractor`, the same for all the backbones.
    max_images : int or None, default=2000
        How many images are scored at most, drawn at random, of each class in
        proportion. None for all; "knn" and "parc" look at all pairs of images.
    random_state : int, default=0
        Seed of that draw, of the probe's folds, of N-LEEP's mixture and of the random
        weights of ``weights=None``.
    n_jobs : int or None, default=None
        Threads, as for `DeepFeatureExtractor`, and folds of the probe at a time.

    Returns
    -------
    table : DataFrame
        One row a backbone, best first by the first score, with the columns backbone,
        cut_layer, n_features, gmacs and one for each score, as `score_cut_layers`
        describes them.

    Raises
    ------
    InvalidParameterError, UnknownNameError, WeightsError
        If a parameter is wrong, or a score is not for the task.
    DataError
        If images and targets do not fit together, or images cannot be decoded.

    Examples
    --------
    >>> from hybridml.testing import make_photos, register_tiny_backbone
    >>> names = [register_tiny_backbone(), register_tiny_backbone("other", seed=1)]
    >>> X, y = make_photos(12, n_classes=3)
    >>> table = score_backbones(X, y, backbones=names, scores="leep", store=None)
    >>> table["leep"].is_monotonic_decreasing
    True
    """
    if isinstance(backbones, str) or not list(backbones):
        expected = "a list of one backbone or more"
        raise InvalidParameterError(describe("backbones", backbones, expected))
    for name in backbones:
        get_backbone(name)
    problem = ScoreProblem.of(
        X,
        y,
        scores,
        task=task,
        max_images=max_images,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    extractor = DeepFeatureExtractor(
        cut_layer=cut_layer,
        weights=weights,
        image_size=image_size,
        pooling=pooling,
        device=device,
        precision=precision,
        store=store,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    rows = []
    for name in dict.fromkeys(backbones):
        extractor.set_params(backbone=name)
        rows.append({"backbone": name, **_score_backbone(problem, extractor)})
    table = pd.DataFrame(rows).astype({"gmacs": float})
    first = problem.scores[0].name
    return table.sort_values(first, ascending=False, kind="stable", ignore_index=True)


def _score_backbone(
    problem: ScoreProblem, extractor: DeepFeatureExtractor
) -> dict[str, Any]:
    if isinstance(extractor.cut_layer, list | tuple):
        expected = "one name or position"
        message = describe("cut_layer", extractor.cut_layer, expected)
        raise InvalidParameterError(message)
    (cut_layer,) = list_layers_to_try(extractor.cut_layer, extractor)
    outputs = ["logits"] if problem.needs("probabilities") else []
    layers = list(dict.fromkeys([cut_layer, *outputs]))
    found = dict(features_of_layers(problem.images, extractor, layers))
    given: dict[str, npt.NDArray[Any]] = {"features": found[cut_layer]}
    if outputs:
        given["probabilities"] = softmax(found["logits"].astype(float), axis=1)
    return {
        "cut_layer": cut_layer,
        "n_features": found[cut_layer].shape[1],
        "gmacs": cost_of_layers(extractor).get(cut_layer),
        **problem.compute(given),
    }
