"""One row of a comparison: a transfer case of a backbone, run fold by fold."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from hybridml.backbones.counting import images_forwarded
from hybridml.backbones.cut_layer import name_cut_layers
from hybridml.backbones.registry import get_backbone
from hybridml.finetune.classifier import FineTuneClassifier
from hybridml.finetune.watching.callbacks import Callback
from hybridml.tracking.protocol import Run
from hybridml.transfer.cases.catalogue import case_title
from hybridml.transfer.cases.cut_layer_search import CutLayerSearch
from hybridml.transfer.cases.making import CaseOptions, extractor_of, make_case
from hybridml.transfer.splits import Fold

Scorer = Callable[[Any, Any, Any], float]
OnStep = Callable[[str, float], None]


@dataclass
class Candidate:
    """A case of a backbone, and what its folds gave so far."""

    case: int
    options: CaseOptions
    folds: list[dict[str, Any]] = field(default_factory=list)
    layers: list[pd.DataFrame] = field(default_factory=list)
    chosen: list[tuple[str, str]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Name of the candidate's run."""
        return f"{case_title(self.case)} ({self.options.backbone})"

    def tags(self, cut_layer: str, head: str) -> dict[str, str]:
        """Make the tags by which its runs are found."""
        return {
            "hybridml.case": str(self.case),
            "hybridml.backbone": self.options.backbone,
            "hybridml.cut_layer": cut_layer,
            "hybridml.head": head,
        }

    def make(self, *, calibrate: bool = False) -> BaseEstimator:
        """Make the unfitted estimator, with probabilities where they are asked for."""
        calibrate = calibrate or self.options.calibrate
        return make_case(self.case, replace(self.options, calibrate=calibrate))

    def run(
        self,
        images: npt.NDArray[Any],
        labels: npt.NDArray[Any],
        folds: list[Fold],
        *,
        scorer: Scorer,
        parent: Run,
        on_step: OnStep,
    ) -> None:
        """Fit and score every fold, recording each as it happens.

        Parameters
        ----------
        images : ndarray of shape (n_images, ...)
        labels : ndarray of shape (n_images,)
        folds : list of (train, test)
        scorer : callable
            Takes a fitted estimator, images and labels.
        parent : Run
            The candidate's own run is opened below it, and below that one a fold.
        on_step : callable
            Takes a text, and how many folds are done, in fractions.
        """
        expected = self.tags(*self.cut_layer_and_head())
        with parent.child(self.title, tags=expected) as run:
            run.log_params({"n_folds": len(folds), **self._params()})
            for number, (train, test) in enumerate(folds):
                where = f"{case_title(self.case)}, fold {number + 1}/{len(folds)}"
                on_step(where, number)
                name = f"case {self.case}, fold {number + 1}"
                with run.child(name, tags=expected) as fold_run:
                    parts = (images[train], labels[train], images[test], labels[test])
                    log = _LogEpochs(fold_run, where, number, on_step)
                    found = self._run_fold(*parts, scorer, log)
                    if self.chosen:
                        fold_run.set_tags(self.tags(*self.chosen[-1]))
                    fold_run.log_metrics(_numbers(found))
                self.folds.append({"fold": number + 1, **found})
                run.log_metrics(_numbers(found, "fold_"), step=number + 1)
            run.set_tags(self.tags(*self.cut_layer_and_head()))
            run.log_metrics(_numbers(self.row()))

    def row(self) -> dict[str, Any]:
        """Sum the folds up as a row of the comparison's table."""
        folds = pd.DataFrame(self.folds)
        cut_layer, head = self.cut_layer_and_head()
        return {
            "case": self.case,
            "backbone": self.options.backbone,
            "cut_layer": cut_layer,
            "head": head,
            "score": float(folds["score"].mean()),
            "score_std": float(folds["score"].std(ddof=1)),
            "fit_time_s": float(folds["fit_time_s"].mean()),
            "predict_ms_per_image": float(folds["predict_ms_per_image"].mean()),
            "images_forwarded": int(folds["images_forwarded"].sum()),
        }

    def cut_layer_and_head(self) -> tuple[str, str]:
        """Where it is cut and what follows; of a search, what most folds chose."""
        if self.case == 0:
            return "logits", "class map"
        if self.case > 1:
            return "penultimate", "linear"
        if self.chosen:
            return max(self.chosen, key=self.chosen.count)
        layer, head = self.options.cut_layer, self.options.head
        names = head if isinstance(head, str) else ", ".join(head)
        if not isinstance(layer, str | Integral) or layer == "all":
            return "searched", names
        return name_cut_layers(get_backbone(self.options.backbone), layer)[0], names

    def _run_fold(
        self,
        train_images: npt.NDArray[Any],
        train_labels: npt.NDArray[Any],
        test_images: npt.NDArray[Any],
        test_labels: npt.NDArray[Any],
        scorer: Scorer,
        log: Callback,
    ) -> dict[str, Any]:
        estimator = self.make()
        if isinstance(estimator, FineTuneClassifier):
            estimator.set_params(callbacks=[log])
        with _measured() as fit:
            estimator.fit(train_images, train_labels)
        if getattr(estimator, "interrupted_", False):
            raise KeyboardInterrupt  # ctrl-C means the comparison, not this fit alone
        with _measured() as predict:
            score = float(scorer(estimator, test_images, test_labels))
        self._note_choice(estimator)
        n_stored = max(0, len(test_images) - int(predict["images"]))
        seconds = predict["seconds"] + n_stored * self._stored_cost_s()
        return {
            "score": score,
            "fit_time_s": fit["seconds"],
            "predict_ms_per_image": 1000 * seconds / len(test_images),
            "images_forwarded": int(fit["images"] + predict["images"]),
            "n_train": len(train_images),
            "n_test": len(test_images),
            "best_epoch": float(getattr(estimator, "best_epoch_", math.nan)),
        }

    def _note_choice(self, estimator: BaseEstimator) -> None:
        if isinstance(estimator, CutLayerSearch):
            self.chosen.append((estimator.best_cut_layer_, estimator.best_head_))
            self.layers.append(estimator.results_)

    def _stored_cost_s(self) -> float:
        """Seconds that an image with stored features would cost if it were computed."""
        if self.case > 1:
            return 0.0
        if self.case == 0:
            extractor = extractor_of(self.options, "logits", pooling="mean")
        else:
            last = self.chosen[-1] if self.chosen else self.cut_layer_and_head()
            extractor = extractor_of(self.options, last[0])
        return extractor.seconds_per_image()

    def _params(self) -> dict[str, Any]:
        shown: tuple[str, ...] = ("backbone", "weights", "image_size", "random_state")
        if self.case == 1:
            shown += ("cut_layer", "head", "pooling")
        if self.case > 1:
            shown += ("epochs", "augmentation")
        params = {name: getattr(self.options, name) for name in shown}
        return params if self.case != 4 else {**params, "weights": None}


class _LogEpochs(Callback):
    """Records each epoch of fine-tuning as it ends."""

    def __init__(
        self, run: Run, where: str, n_folds_done: int, on_step: OnStep
    ) -> None:
        self._run = run
        self._where = where
        self._n_folds_done = n_folds_done
        self._on_step = on_step

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Record the epoch's metrics."""
        epoch, n_epochs = int(metrics["epoch"]), estimator.n_epochs_
        self._run.log_metrics(_numbers(metrics), step=epoch)
        if epoch:
            text = f"{self._where}, epoch {epoch}/{n_epochs}"
            self._on_step(text, self._n_folds_done + epoch / n_epochs)


@contextmanager
def _measured() -> Iterator[dict[str, float]]:
    found: dict[str, float] = {}
    before, started = images_forwarded(), time.perf_counter()
    yield found
    found["seconds"] = time.perf_counter() - started
    found["images"] = images_forwarded() - before


def _numbers(row: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Keep the finite numbers of a row that are measurements."""
    left_out = {"case", "epoch"}
    return {
        f"{prefix}{name}": float(value)
        for name, value in row.items()
        if name not in left_out
        and isinstance(value, int | float | np.number)
        and np.isfinite(value)
    }
