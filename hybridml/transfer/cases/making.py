"""The five transfer cases, each as the estimator that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, get_args

import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from hybridml._checks import describe, list_names
from hybridml.backbones.cut_layer import CutLayer
from hybridml.backbones.loading import load_network
from hybridml.comparing.tasks import Task
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.finetune.classifier import FineTuneClassifier
from hybridml.finetune.estimator import FineTuneEstimator
from hybridml.finetune.parameters import check_parameters
from hybridml.finetune.regressor import FineTuneRegressor
from hybridml.heads.making import make_head
from hybridml.images.policies import Augmentation
from hybridml.transfer.all_layers.classifier import AllLayersClassifier
from hybridml.transfer.all_layers.regressor import AllLayersRegressor
from hybridml.transfer.cases.catalogue import ENSEMBLE, cases_of, check_case
from hybridml.transfer.cases.class_map import ClassMap
from hybridml.transfer.cases.cut_layer_regression_search import (
    CutLayerRegressionSearch,
)
from hybridml.transfer.cases.cut_layer_search import CutLayerSearch
from hybridml.transfer.cases.pretrained_classifier import PretrainedClassifier
from hybridml.transfer.cases.search_space import list_heads_to_try, list_layers_to_try
from hybridml.transfer.layer_ensemble.classifier import LayerEnsembleClassifier
from hybridml.transfer.layer_ensemble.regressor import LayerEnsembleRegressor


@dataclass(frozen=True)
class CaseOptions:
    """What the cases have in common, and what each needs; see `TransferClassifier`.

    Of a regression `calibrate` and `class_map` play no part.
    """

    backbone: str = "efficientnet_lite0"
    weights: str | Path | None = "default"
    image_size: int | None = None
    pooling: str = "mean"
    cut_layer: CutLayer = "penultimate"
    head: str | Sequence[str] = "linear_svm"
    calibrate: bool = False
    class_weight: Any = None
    scoring: Any = None
    class_map: str | ClassMap = "learn"
    epochs: str | int = "auto"
    augmentation: Augmentation = "standard"
    device: str = "auto"
    precision: str = "auto"
    store: str | Path | FeatureStore | None = "default"
    random_state: int = 0
    n_jobs: int | None = None
    verbose: int = 0
    task: Task = "classification"


def make_case(case: int, options: CaseOptions) -> BaseEstimator:
    """Make the unfitted estimator of a transfer case.

    A list of cut layers or heads, or "all" for the cut layer, makes case 1 a search;
    "ensemble" lets each layer have its say.

    Raises
    ------
    InvalidParameterError
        If there is no such case or task, the case cannot do the task, or there are
        class weights that would not be heeded.
    """
    _check_case_and_task(case, options)
    if case == 0:
        return PretrainedClassifier(
            class_map=options.class_map,
            verbose=options.verbose,
            **_network_options(options),
        )
    if case == 1:
        return _make_case_1(options)
    return _make_fine_tuned(case, options)


def make_all_layers(options: CaseOptions) -> BaseEstimator:
    """Make the unfitted estimator of case 1 with features selected from all layers.

    It takes no class weights and no several labels an image; the head is its own.
    """
    kind = AllLayersRegressor if options.task == "regression" else AllLayersClassifier
    return kind(
        pooling=options.pooling,
        scoring=options.scoring,
        verbose=options.verbose,
        **_network_options(options),
    )


def extractor_of(
    options: CaseOptions, cut_layer: str | int, **changed: Any
) -> DeepFeatureExtractor:
    """Make the extractor that the features of case 1, or outputs of case 0, are from.

    Other parameters may be changed by name.
    """
    given = {"pooling": options.pooling, "verbose": options.verbose}
    params = {**_network_options(options), **given, **changed}
    return DeepFeatureExtractor(cut_layer=cut_layer, **params)


def check_options(
    case: int, options: CaseOptions, images: npt.NDArray[Any], targets: npt.NDArray[Any]
) -> None:
    """Find what is wrong with a case's options before any image is read.

    Loads the network, so that weights that cannot be had are found, too.

    Parameters
    ----------
    case : int
    options : CaseOptions
    images : ndarray of shape (n_images, ...)
        Only their number and kind matter.
    targets : ndarray of shape (n_images,) or (n_images, n_labels)
        Those of a classification are the classes that a class map has to have.

    Raises
    ------
    InvalidParameterError, UnknownNameError, WeightsError
        If an option is wrong, or does not suit the task.
    DataError
        If a class map names a class or an output that does not exist.
    """
    estimator = make_case(case, options)
    if isinstance(estimator, FineTuneEstimator):
        params = estimator.get_params(deep=False)
        check_parameters(params, owner=type(estimator).__name__)
        names = ("backbone", "weights", "image_size", "device", "precision")
        chosen = {name: params[name] for name in names}
        network = load_network(**chosen, random_state=options.random_state)
        network.find("penultimate")
    elif isinstance(estimator, PretrainedClassifier):
        extractor_of(options, "logits").fit(images)
        if options.class_map != "learn":
            estimator.fit(images, targets)
    else:
        list_heads_to_try(options.head, options.task)
        extractor = extractor_of(options, "penultimate")
        layers = "all" if options.cut_layer == ENSEMBLE else options.cut_layer
        for layer in list_layers_to_try(layers, extractor):
            extractor_of(options, layer).fit(images)


def _make_case_1(options: CaseOptions) -> BaseEstimator:
    layer, head, task = options.cut_layer, options.head, options.task
    if layer == ENSEMBLE:
        return _make_ensemble(options)
    for_classes = {
        "calibrate": options.calibrate,
        "class_weight": options.class_weight,
    }
    chosen = {} if task == "regression" else for_classes
    if isinstance(layer, str | Integral) and layer != "all" and isinstance(head, str):
        extractor, seed = extractor_of(options, layer), options.random_state
        shallow = make_head(head, task=task, random_state=seed, **chosen)
        return make_pipeline(extractor, shallow)
    search = CutLayerRegressionSearch if task == "regression" else CutLayerSearch
    return search(
        extractor_of(options, "penultimate"),
        cut_layers=layer,
        heads=head,
        scoring=options.scoring,
        random_state=options.random_state,
        n_jobs=options.n_jobs,
        **chosen,
    )


def _make_ensemble(options: CaseOptions) -> BaseEstimator:
    """Let each layer have its say; the heads are the ensemble's own."""
    is_regression = options.task == "regression"
    kind = LayerEnsembleRegressor if is_regression else LayerEnsembleClassifier
    return kind(
        extractor_of(options, "penultimate"),
        random_state=options.random_state,
        n_jobs=options.n_jobs,
    )


def _make_fine_tuned(case: int, options: CaseOptions) -> FineTuneEstimator:
    given: dict[str, Any] = {
        "trainable": "last2" if case == 2 else "all",
        "epochs": options.epochs,
        "augmentation": options.augmentation,
        "verbose": options.verbose,
        **_network_options(options, weights=None if case == 4 else options.weights),
    }
    if options.task == "regression":
        return FineTuneRegressor(**given)
    return FineTuneClassifier(class_weight=options.class_weight, **given)


def _check_case_and_task(case: object, options: CaseOptions) -> None:
    check_case(case)
    task = options.task
    if task not in get_args(Task):
        expected = list_names(get_args(Task))
        raise InvalidParameterError(describe("task", task, expected))
    if case not in cases_of(task):
        cure = "Case 0 has no outputs that are numbers; use case 1 with "
        cure += "cut_layer='logits'."
        raise InvalidParameterError(describe("case", case, f"1 to 4 for {task}", cure))
    fine_tunes_labels = task == "multilabel" and case not in (0, 1)
    if options.class_weight is not None and (task == "regression" or fine_tunes_labels):
        what = "fine-tuning several labels an image" if fine_tunes_labels else task
        message = describe("class_weight", options.class_weight, f"None for {what}")
        raise InvalidParameterError(message)
    if case == 1 and options.cut_layer == ENSEMBLE:
        _check_ensemble(options)


def _check_ensemble(options: CaseOptions) -> None:
    cure = "Let the best layer be searched: cut_layer='all'."
    if options.task == "multilabel":
        expected = "a layer, several, or 'all' for several labels an image"
        message = describe("cut_layer", options.cut_layer, expected, cure)
        raise InvalidParameterError(message)
    if options.class_weight is not None:
        expected = "None with cut_layer='ensemble'"
        message = describe("class_weight", options.class_weight, expected, cure)
        raise InvalidParameterError(message)


def _network_options(options: CaseOptions, **changed: Any) -> dict[str, Any]:
    names = ("backbone", "weights", "image_size", "device", "precision", "store")
    found = {name: getattr(options, name) for name in names}
    seeds = {"random_state": options.random_state, "n_jobs": options.n_jobs}
    return {**found, **seeds, **changed}
