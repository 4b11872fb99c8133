"""The layer curve: what a linear model reads from each layer of a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.metrics import get_scorer, get_scorer_names

from hybridml._checks import describe, did_you_mean
from hybridml.backbones.cut_layer import CutLayer
from hybridml.backbones.layers import list_cut_layers
from hybridml.comparing.scoring import check_scoring
from hybridml.comparing.tasks import Task, check_targets, default_scoring, find_task
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.transfer.cases.search_space import list_layers_to_try
from hybridml.transfer.evidence.curve_result import LayerCurve
from hybridml.transfer.evidence.probing import make_probe, probe_folds, probe_layer
from hybridml.transfer.stage_features import features_of_layers

Weights = str | Path | None


def layer_curve(
    X: Any,
    y: Any,
    *,
    backbone: str = "efficientnet_lite0",
    weights: Weights | Sequence[Weights] = ("default", None),
    cut_layers: CutLayer = "all",
    scoring: str | None = None,
    task: str = "auto",
    cv: Any = 5,
    pooling: str = "mean",
    image_size: int | None = None,
    device: str = "auto",
    precision: str = "auto",
    store: str | Path | FeatureStore | None = "default",
    random_state: int = 0,
    n_jobs: int | None = None,
) -> LayerCurve:
    """Measure how well the features of each layer serve a task.

    On every layer a linear model is cross-validated, on the same folds: logistic
    regression for classes, one for each of several labels, ridge regression for
    numbers. It chooses its strength inside each training part. An image goes through
    the network once for each of the `weights`.

    Parameters
    ----------
    X : sequence of n_images images
        As for `DeepFeatureExtractor`.
    y : array-like of shape (n_images,) or (n_images, n_targets)
    backbone : str, default="efficientnet_lite0"
    weights : weights or sequence of them, default=("default", None)
        As for `DeepFeatureExtractor`; None are random ones, from `random_state`: what
        the architecture gives without any training.
    cut_layers : "all", str, int, or sequence of str and int, default="all"
        "all" is every declared stage that all the weights reach, but the logits.
    scoring : str or None, default=None
        Name of one of scikit-learn's scorers; None for accuracy, "f1_macro" for several
        labels and "r2" for numbers.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What `y` is.
    cv : int, splitter or iterable of (train, test), default=5
        A number means shuffled folds, stratified where y are classes.
    pooling, image_size, device, precision, store
        As for `DeepFeatureExtractor`.
    random_state : int, default=0
        Seed of the folds, and of random weights.
    n_jobs : int or None, default=None
        Threads; None for one a core in the network, and one for the linear models.

    Returns
    -------
    curve : LayerCurve
        With `table`, `verdict` and `plot()`.

    Raises
    ------
    DataError
        If there are too few images, in all or of a class, or y does not suit the task.
    InvalidParameterError, UnknownBackboneError, UnknownCutLayerError, WeightsError
        If a parameter is wrong.

    References
    ----------
    Alain & Bengio, "Understanding intermediate layers using linear classifier probes",
    2016. Yosinski, Clune, Bengio & Lipson, "How transferable are features in deep
    neural networks?", 2014.

    Examples
    --------
    >>> from hybridml.testing import make_photos, register_tiny_backbone
    >>> X, y = make_photos(24)
    >>> curve = layer_curve(X, y, backbone=register_tiny_backbone(), cv=2, store=None)
    >>> curve.table[["weights", "cut_layer", "n_features"]].to_dict("records")[0]
    {'weights': 'pretrained', 'cut_layer': 'stem', 'n_features': 8}
    """
    named = _name_weights(weights)
    images = as_images(X)
    kind = find_task(y, task)
    targets = check_targets(y, len(images), kind)
    score_name = default_scoring(kind) if scoring is None else scoring
    _check_score(score_name, kind, targets)
    folds = probe_folds(targets, kind, cv, random_state)
    extractor = DeepFeatureExtractor(
        backbone,
        pooling=pooling,
        image_size=image_size,
        device=device,
        precision=precision,
        store=store,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    extractors = {
        name: clone(extractor).set_params(weights=given)
        for name, given in named.items()
    }
    layers = _shared_layers(cut_layers, list(extractors.values()))
    for each in extractors.values():  # everything that is wrong, before the first pass
        clone(each).set_params(cut_layer=layers).fit(images)
    probe = make_probe(kind, targets, folds, random_state)
    rows, scores = [], []
    for name, each in extractors.items():
        for layer, features in features_of_layers(images, each, layers):
            found = probe_layer(features, targets, probe, folds, score_name, n_jobs)
            scores.append(found)
            rows.append((name, layer, layers.index(layer) + 1, features.shape[1]))
    columns = ["weights", "cut_layer", "depth", "n_features"]
    table = pd.DataFrame(rows, columns=columns)
    table["gmacs"] = _gmacs(extractor, layers, table["cut_layer"])
    return LayerCurve.from_folds(table, np.array(scores), str(backbone), score_name)


def _name_weights(weights: Weights | Sequence[Weights]) -> dict[str, Weights]:
    if weights is None or isinstance(weights, str | Path):
        weights = [weights]
    given: list[Any] = list(weights)
    names = {"default": "pretrained", "None": "random"}
    named: dict[str, Weights] = {names.get(str(w), str(w)): w for w in given}
    if not named or len(named) < len(given):
        expected = "one or more weights, each once"
        raise InvalidParameterError(describe("weights", weights, expected))
    return named


def _shared_layers(
    cut_layers: CutLayer, extractors: Sequence[DeepFeatureExtractor]
) -> list[str]:
    """List the layers that all the weights reach, from the input to the output."""
    first, *others = [list_layers_to_try(cut_layers, each) for each in extractors]
    shared = [name for name in first if all(name in reached for reached in others)]
    if not shared:
        expected = "layers that all the weights reach"
        raise InvalidParameterError(describe("cut_layers", cut_layers, expected))
    return shared


def _check_score(scoring: str, task: Task, targets: npt.NDArray[Any]) -> None:
    if task != "regression":
        check_scoring(scoring, targets)
        return
    known = get_scorer_names()
    expected = "the name of a scorer for numbers"
    if not isinstance(scoring, str) or scoring not in known:
        cure = did_you_mean(scoring, known)
        raise InvalidParameterError(describe("scoring", scoring, expected, cure))
    nothing = np.zeros((len(targets), 1))
    try:
        get_scorer(scoring)(DummyRegressor().fit(nothing, targets), nothing, targets)
    except (ValueError, TypeError, AttributeError) as exc:
        raise InvalidParameterError(describe("scoring", scoring, expected)) from exc


def _gmacs(
    extractor: DeepFeatureExtractor, layers: Sequence[str], wanted: pd.Series
) -> pd.Series:
    listed = list_cut_layers(extractor.backbone, image_size=extractor.image_size)
    costs = dict(zip(listed["name"], listed["gmacs"], strict=True))
    return wanted.map({name: costs.get(name, np.nan) for name in layers}).astype(float)
