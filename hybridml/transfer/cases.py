"""The five transfer cases, each as the estimator that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.finetune.classifier import FineTuneClassifier
from hybridml.heads.making import make_head
from hybridml.transfer.cut_layer_search import CutLayerSearch
from hybridml.transfer.pretrained_classifier import PretrainedClassifier

CASES = {
    0: "the pretrained network as it is",
    1: "deep features and a shallow head",
    2: "fine-tune the last two layers",
    3: "fine-tune everything",
    4: "train from scratch",
}


@dataclass(frozen=True)
class CaseOptions:
    """What the cases have in common, and what each needs; see `TransferClassifier`."""

    backbone: str = "efficientnet_lite0"
    weights: str | Path | None = "default"
    image_size: int | None = None
    pooling: str = "mean"
    cut_layer: str | Sequence[str] = "penultimate"
    head: str | Sequence[str] = "linear_svm"
    calibrate: bool = False
    scoring: Any = None
    class_map: str | Mapping[Any, Sequence[str | int]] = "learn"
    epochs: str | int = "auto"
    augmentation: str = "standard"
    device: str = "auto"
    precision: str = "auto"
    store: str | Path | FeatureStore | None = "default"
    random_state: int = 0
    n_jobs: int | None = None
    verbose: int = 0


def check_case(case: object) -> None:
    """Raise `InvalidParameterError` unless `case` is a whole number from 0 to 4."""
    if isinstance(case, bool) or case not in CASES:
        names = "; ".join(f"{number}: {what}" for number, what in CASES.items())
        raise InvalidParameterError(describe("case", case, f"0 to 4 ({names})"))


def make_case(case: int, options: CaseOptions) -> BaseEstimator:
    """Make the unfitted estimator of a transfer case.

    A list of cut layers or heads, or "all" for the cut layer, makes case 1 a search.
    """
    check_case(case)
    if case == 0:
        return PretrainedClassifier(
            class_map=options.class_map,
            verbose=options.verbose,
            **_network_options(options),
        )
    if case == 1:
        return _make_case_1(options)
    return FineTuneClassifier(
        trainable="last2" if case == 2 else "all",
        epochs=options.epochs,
        augmentation=options.augmentation,
        verbose=options.verbose,
        **_network_options(options, weights=None if case == 4 else options.weights),
    )


def extractor_of(options: CaseOptions, cut_layer: str) -> DeepFeatureExtractor:
    """Make the extractor that case 1 and the others' features come from."""
    return DeepFeatureExtractor(
        cut_layer=cut_layer,
        pooling=options.pooling,
        verbose=options.verbose,
        **_network_options(options),
    )


def _make_case_1(options: CaseOptions) -> BaseEstimator:
    layer, head = options.cut_layer, options.head
    if isinstance(layer, str) and layer != "all" and isinstance(head, str):
        extractor = extractor_of(options, layer)
        seed, calibrate = options.random_state, options.calibrate
        shallow = make_head(head, calibrate=calibrate, random_state=seed)
        return make_pipeline(extractor, shallow)
    return CutLayerSearch(
        extractor_of(options, "penultimate"),
        cut_layers=layer,
        heads=[head] if isinstance(head, str) else head,
        calibrate=options.calibrate,
        scoring=options.scoring,
        random_state=options.random_state,
        n_jobs=options.n_jobs,
    )


def _network_options(options: CaseOptions, **changed: Any) -> dict[str, Any]:
    names = ("backbone", "weights", "image_size", "device", "precision", "store")
    found = {name: getattr(options, name) for name in names}
    seeds = {"random_state": options.random_state, "n_jobs": options.n_jobs}
    return {**found, **seeds, **changed}
