"""What the winner predicts where it was not trained: right, wrong, and how sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.report.confidence_plot import plot_confidence
from hybridml.report.confusion_plot import plot_confusion
from hybridml.report.html.confusions import count_confusions, most_confused
from hybridml.report.html.data import ReportData
from hybridml.report.html.figures import make_figure, side_by_side
from hybridml.report.html.markup import Html, join, tag
from hybridml.report.html.numbers import digits_text, score_text, share_text
from hybridml.report.html.tables import make_table
from hybridml.report.prediction_plot import plot_predictions

_MOST_CLASSES_BESIDE, _MOST_CLASSES_DRAWN, _MOST_PAIRS = 6, 20, 15


def show_predictions(data: ReportData) -> Html:
    """Show the out-of-fold predictions of the winner in the way of its task."""
    if data.truth is None or data.predicted is None or not len(data.truth):
        return Html()
    if data.task == "regression":
        return _show_numbers(data, np.ravel(data.truth), np.ravel(data.predicted))
    if data.task == "multilabel":
        return _show_labels(data, data.truth, data.predicted)
    return _show_classes(data, data.truth, data.predicted)


def _show_classes(
    data: ReportData, truth: npt.NDArray[Any], predicted: npt.NDArray[Any]
) -> Html:
    counts, names = count_confusions(truth, predicted, data.classes)
    n_right = int(np.trace(counts))
    share = share_text(n_right / len(truth))
    said = (
        f"{n_right:,} of {len(truth):,} {data.many} ({share}) are right, "
        "each predicted by a model that was not trained on it."
    )
    figures = [
        _show_matrix(data, counts, names),
        _show_confidence(data, truth, predicted),
    ]
    pairs = most_confused(counts, names, _MOST_PAIRS)
    rows = [
        [pair.truth, pair.predicted, f"{pair.n_images:,}", share_text(pair.share)]
        for pair in pairs
    ]
    headings = {"is": "", "taken for": "", data.many: "number"}
    headings |= {"share of its class": "number"}
    caption = "What is confused most often."
    table = make_table(caption, headings, rows, is_compact=True)
    is_large = len(names) > _MOST_CLASSES_BESIDE
    placed = join(figures) if is_large else side_by_side(*figures)
    has_more_to_say = rows and len(names) > 2
    return join([tag("p", said), placed, table if has_more_to_say else ""])


def _show_matrix(
    data: ReportData, counts: npt.NDArray[np.int64], names: Sequence[str]
) -> Html:
    if len(names) > _MOST_CLASSES_DRAWN:
        return Html()
    right = np.diag(counts) / np.maximum(counts.sum(axis=1), 1)
    shares = ", ".join(
        f"{name} {share_text(share)}" for name, share in zip(names, right, strict=True)
    )
    return make_figure(
        plot_confusion(counts, names),
        name="confusion",
        alt=f"Confusion matrix; right are: {shares}.",
        caption=f"{data.many.capitalize()} by true class (down) and predicted class "
        "(across); the shares and the shades are those of the true class.",
    )


def _show_confidence(
    data: ReportData, truth: npt.NDArray[Any], predicted: npt.NDArray[Any]
) -> Html:
    if data.confidence is None:
        return Html()
    confidence = np.asarray(data.confidence, dtype=float)
    if not ((confidence >= 0) & (confidence <= 1)).all():
        return Html()  # no probabilities: distances, say, or unknown
    is_right = truth.astype(str) == predicted.astype(str)
    said = f"{share_text(confidence.mean())} sure on average"
    return make_figure(
        plot_confidence(confidence, is_right),
        name="confidence",
        alt=f"How often predictions of like confidence are right; {said}.",
        caption=f"Each dot is as many {data.many}, from the least sure to the surest. "
        "Below the dashed line the winner is too sure of itself.",
    )


def _show_labels(
    data: ReportData, truth: npt.NDArray[Any], predicted: npt.NDArray[Any]
) -> Html:
    """List how each of several labels was found."""
    if np.ndim(truth) != 2:
        return Html()
    is_there, is_said = (np.asarray(array) == 1 for array in (truth, predicted))
    hits = (is_there & is_said).sum(axis=0)
    n_there, n_said = is_there.sum(axis=0), is_said.sum(axis=0)
    rows = [
        [
            str(name),
            f"{n_there[i]:,}",
            share_text(hits[i] / n_there[i] if n_there[i] else None),
            share_text(hits[i] / n_said[i] if n_said[i] else None),
        ]
        for i, name in enumerate(data.classes)
    ]
    headings = {"label": "", f"{data.many} with it": "number"}
    headings |= {"of these found": "number", "right where predicted": "number"}
    return make_table(
        "Each label by itself, out of fold.", headings, rows, is_compact=True
    )


def _show_numbers(
    data: ReportData, truth: npt.NDArray[Any], predicted: npt.NDArray[Any]
) -> Html:
    errors = np.asarray(predicted, dtype=float) - np.asarray(truth, dtype=float)
    spread = float(np.var(np.asarray(truth, dtype=float)))
    explained = 1 - float(np.mean(errors**2)) / spread if spread else float("nan")
    said = (
        f"The mean absolute error is {digits_text(float(np.abs(errors).mean()))}, the "
        f"root mean squared error {digits_text(float(np.sqrt(np.mean(errors**2))))}, "
        f"R² {score_text(explained)}."
    )
    figure = make_figure(
        plot_predictions(truth, predicted),
        name="predictions",
        alt=f"Predicted against true values of {len(truth)} {data.many}. {said}",
        caption=f"Each {data.noun} was predicted by a model that was not trained on "
        "it; on the dashed line the prediction is right.",
    )
    return join([tag("p", said), side_by_side(figure)])
