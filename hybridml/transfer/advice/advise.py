"""Which transfer case to take, from what can be measured in seconds."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.backbones.loading import network_of
from hybridml.comparing.splits import Fold
from hybridml.comparing.tasks import Task, check_targets, find_task
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.heads.catalogue import default_heads
from hybridml.images.door import as_images
from hybridml.transfer.advice.advice import Advice
from hybridml.transfer.advice.choosing import Way
from hybridml.transfer.advice.deciding import decide
from hybridml.transfer.advice.leads import leads_of
from hybridml.transfer.advice.prior import prior_of
from hybridml.transfer.advice.probes import Probed, Probes
from hybridml.transfer.advice.probing import (
    make_probe_folds,
    probe_layer,
    probe_outputs,
)
from hybridml.transfer.all_layers.layer_features import Layer, join_layers
from hybridml.transfer.cases.catalogue import ALL_LAYERS, ENSEMBLE
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.cases.search_space import list_layers_to_try
from hybridml.transfer.evidence.measure_similarity import measure_similarity
from hybridml.transfer.scores.sampling import sample_positions
from hybridml.transfer.stage_features import features_of_layers

_ASKED_FOR: dict[Way, str] = {"ensemble": ENSEMBLE, "early": "all"}  # of case 1
_MOST_PROBED = 2000
_MOST_LOOKED_AT = 32  # the median over thousands of channels asks for no more
_TIMED = 32
# Of an extractor, that take as long as a fit: case 2 sends four views through what is
# frozen, case 3 trains all of it in five epochs.
_PASSES = {0: 1.0, 1: 1.0, 2: 6.0, 3: 26.0}


def advise_transfer_case(
    X: Any,
    y: Any,
    *,
    backbone: str = "efficientnet_lite0",
    task: str = "auto",
    weights: str | Path = "default",
    image_size: int | None = None,
    pooling: str = "mean",
    device: str = "auto",
    precision: str = "auto",
    store: str | Path | FeatureStore | None = "default",
    random_state: int = 0,
    n_jobs: int | None = None,
) -> Advice:
    """Advise a transfer case before any of them is run.

    Size and similarity to ImageNet, which courses decide by, are the prior; both are
    measured. On top comes evidence that features give away in seconds: linear probes of
    every cut layer, of all together, and case 0, on the same folds. An image goes
    through the network once, and up to 32 a second time for the similarity; with stored
    features only those.

    Below 1,000 images a class it is mostly an ensemble of the layers (case 1). On 49
    questions (17 tasks, 5 to 100 images a class) the case that it names was within a
    point or a standard error of the best in 84 %, where size and similarity alone was
    in 35 %, the best LogME in 33 % and case 1 with a search of the layer in 31 %.
    benchmarks/RESULTS.md says where it is wrong: where images are few.

    Parameters
    ----------
    X : sequence of n_images images
        As for `DeepFeatureExtractor`.
    y : array-like of shape (n_images,) or (n_images, n_labels)
    backbone : str, default="efficientnet_lite0"
        One of `list_backbones()`.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
    weights, image_size, pooling, device, precision, store, n_jobs
        As for `DeepFeatureExtractor`.
    random_state : int, default=0
        Seed of the folds; beyond 2,000 images, also of those that are probed.

    Returns
    -------
    advice : Advice
        ``print(advice)`` says it in words; ``advice.make_estimator()`` is ready to fit.

    Raises
    ------
    InvalidParameterError, UnknownBackboneError, WeightsError
        If a parameter is wrong.
    DataError
        If images and targets do not fit together, a class has fewer than two images, or
        images cannot be decoded.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 6, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 6 + ["light"] * 6
    >>> advice = advise_transfer_case(X, y, image_size=64, store=None)
    >>> advice.case, advice.expected_score
    (1, 1.0)
    """
    images = as_images(X)
    kind = find_task(y, task)
    targets = check_targets(y, len(images), kind, min_per_class=2)
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
    names = list_layers_to_try("all", extractor)
    probed = sample_positions(targets, kind, _MOST_PROBED, random_state)
    folds = make_probe_folds(targets[probed], kind, random_state)
    started = time.perf_counter()
    extractor.transform(images[probed][:_TIMED])
    timed = (time.perf_counter() - started) / len(probed[:_TIMED])
    probes = _probe(images[probed], targets[probed], extractor, names, folds, kind)
    similarity = measure_similarity(
        images,
        backbone=backbone,
        weights=weights,
        max_images=_MOST_LOOKED_AT,
        device=device,
        store=store,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    is_similar = bool(similarity.is_similar)
    n_per_class = _size(targets, kind)
    prior = prior_of(n_per_class, is_similar)
    decision = decide(probes, prior, n_images=len(images), is_similar=is_similar)
    # A store knows what an image cost; without one it has just been seen.
    seconds = extractor.seconds_per_image() or timed
    facts = {
        "n_images": float(len(images)),
        "n_per_class": n_per_class,
        "similarity": similarity.score,
        "batch_norm_distance": similarity.batch_norm_distance,
        "output_entropy": similarity.output_entropy,
        **asdict(leads_of(probes)),
    }
    options = CaseOptions(
        backbone=backbone,
        task=kind,
        weights=weights,
        image_size=image_size,
        pooling=pooling,
        cut_layer=_ASKED_FOR.get(decision.way, "penultimate"),
        head=default_heads(kind),
        device=device,
        precision=precision,
        store=store,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    low, high = probes.interval(decision.probed)
    cut_layer = decision.probed.cut_layer if decision.case < 2 else "penultimate"
    if decision.way == "ensemble":
        cut_layer = ENSEMBLE
    return Advice(
        case=decision.case,
        cut_layer=cut_layer,
        backbone=backbone,
        expected_score=decision.probed.mean,
        expected_low=low,
        expected_high=high,
        expected_fit_s=seconds * len(images) * _PASSES[decision.case],
        sureness=decision.sureness,
        reasons=decision.reasons,
        evidence=probes.table(),
        facts=facts,
        _options=options,
    )


def _probe(
    images: npt.NDArray[Any],
    targets: npt.NDArray[Any],
    extractor: DeepFeatureExtractor,
    names: list[str],
    folds: list[Fold],
    task: Task,
) -> Probes:
    """Probe all the layers, alone and joined, and case 0 where there are outputs."""
    stages = [stage.name for stage in network_of(extractor).stages]
    has_outputs = task == "classification" and "logits" in stages
    asked = [*names, *(["logits"] if has_outputs else [])]
    layers: list[Probed] = []
    parts: list[Layer] = []
    outputs = None
    for name, features in features_of_layers(images, extractor, asked):
        if name == "logits":
            outputs = probe_outputs(features, targets, folds)
        else:
            layers.append(probe_layer(name, features, targets, folds, task))
            parts.append((name, features))
    joined = None
    if task != "multilabel":  # which selection from all layers does not take
        table, _ = join_layers(parts)
        joined = probe_layer(ALL_LAYERS, table, targets, folds, task)
    return Probes(layers, joined, outputs, folds)


def _size(targets: npt.NDArray[Any], task: Task) -> float:
    """Images of a typical class; of a regression, of one of ten bins."""
    if task == "classification":
        return float(np.median(np.unique(targets, return_counts=True)[1]))
    if task == "multilabel":
        return float(np.median(targets.sum(axis=0)))
    return len(targets) / 10
