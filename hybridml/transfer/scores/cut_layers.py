"""Scores of a backbone's cut layers: where to cut, before a head is trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from hybridml.backbones.cut_layer import CutLayer
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.transfer.cases.search_space import list_layers_to_try
from hybridml.transfer.scores.problem import ScoreProblem, cost_of_layers
from hybridml.transfer.stage_features import features_of_layers

if TYPE_CHECKING:
    from torch import nn


def score_cut_layers(
    X: Any,
    y: Any,
    *,
    backbone: str | nn.Module = "efficientnet_lite0",
    scores: str | Sequence[str] = ("logme", "knn"),
    cut_layers: CutLayer = "all",
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
    """Score how well the features of each cut layer suit the targets.

    Each image goes through the backbone once, and not at all where the store has its
    features.

    Parameters
    ----------
    X : sequence of n_images images
        As for `DeepFeatureExtractor`.
    y : array-like of shape (n_images,) or (n_images, n_targets)
        Classes, a table of several labels, or one or more numbers an image.
    backbone : str or nn.Module, default="efficientnet_lite0"
        One of `list_backbones()`, or a network of your own.
    scores : str or sequence of str, default=("logme", "knn")
        ====================== ========== ============================================
        score                  tasks      what it is
        ====================== ========== ============================================
        "logme"                all        evidence of a linear model
        "knn"                  all        leave-one-out score of nearest neighbours
        "parc"                 all        rank correlation of distances
        "probe"                all        cross-validated score of a linear head
        "h_score"              classes    spread of the classes' means
        "gbc"                  classes    overlap of the classes as Gaussians
        "transrate"            classes    coding rate that the classes take away
        "n_leep"               classes    what clusters say of the classes
        ====================== ========== ============================================

        "probe" is what the others predict; it and "n_leep" take the longest.
    cut_layers : "all", str, int, or sequence of str and int, default="all"
        "all" is every declared stage that the weights reach, but the logits.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What the targets are. Whole numbers are taken for classes unless it is said.
    weights, image_size, pooling, device, precision, store
        As for `DeepFeatureExtractor`.
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
        One row a cut layer, from the input to the output, with the columns

        - cut_layer;
        - n_features: how many the layer has;
        - gmacs: multiply-adds in 10^9 from the input to the cut, for one image;
          missing for what is no declared stage;
        - one for each score: higher is better. Scores of one column can be compared,
          those of different columns cannot. Beside "probe" stands
          "probe_standard_error".

        ``table.attrs["best"]`` has for each score the cut layer that it puts first; of
        equal ones the earliest, which is the cheapest.

    Raises
    ------
    InvalidParameterError, UnknownNameError, WeightsError
        If a parameter is wrong, or a score is not for the task.
    DataError
        If images and targets do not fit together, or images cannot be decoded.

    Examples
    --------
    >>> from hybridml.testing import make_photos, register_tiny_backbone
    >>> X, y = make_photos(12)
    >>> table = score_cut_layers(X, y, backbone=register_tiny_backbone(), store=None)
    >>> table[["cut_layer", "n_features", "knn"]]
         cut_layer  n_features  knn
    0         stem           8  1.0
    1       stage1          16  1.0
    2  penultimate          16  1.0
    >>> table.attrs["best"]["knn"]
    'stem'
    """
    problem = ScoreProblem.of(
        X,
        y,
        scores,
        task=task,
        max_images=max_images,
        random_state=random_state,
        n_jobs=n_jobs,
        needs="features",
    )
    extractor = DeepFeatureExtractor(
        backbone,
        weights=weights,
        image_size=image_size,
        pooling=pooling,
        device=device,
        precision=precision,
        store=store,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    layers = list_layers_to_try(cut_layers, extractor)
    costs = cost_of_layers(extractor)
    rows = []
    for name, features in features_of_layers(problem.images, extractor, layers):
        size_and_cost = {"n_features": features.shape[1], "gmacs": costs.get(name)}
        found = problem.compute({"features": features})
        rows.append({"cut_layer": name, **size_and_cost, **found})
    table = pd.DataFrame(rows).astype({"gmacs": float})
    table.attrs["best"] = {
        score.name: str(table["cut_layer"][table[score.name].argmax()])
        for score in problem.scores
    }
    return table
