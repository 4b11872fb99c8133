"""The picture shows every pair of classes, and as much as can be read."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.report.confusion_plot import plot_confusion


@pytest.mark.parametrize("n_classes", [1, 2, 5, 12])
def test_counts_have_the_shares_of_their_rows(n_classes: int) -> None:
    counts = np.full((n_classes, n_classes), 5)
    figure = plot_confusion(counts, [f"class {i}" for i in range(n_classes)])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == [f"5\n{100 / n_classes:.0f} %"] * n_classes**2


def test_many_classes_have_counts_alone() -> None:
    figure = plot_confusion(np.eye(20, dtype=int), [f"class {i}" for i in range(20)])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts.count("1") == 20
    assert texts.count("0") == 380


def test_class_without_images_has_no_shares() -> None:
    figure = plot_confusion(np.array([[0, 0], [1, 1]]), ["none", "some"])
    assert [text.get_text() for text in figure.axes[0].texts][:2] == ["0", "0"]


def test_truth_goes_down_and_predictions_to_the_right() -> None:
    axes = plot_confusion(np.array([[9, 1], [0, 5]]), ["cat", "dog"]).axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true", "predicted")
    wrong = next(text for text in axes.texts if text.get_text().startswith("1\n"))
    assert wrong.get_position() == (1, 0)
    assert axes.get_ylim() == (1.5, -0.5)


def test_names_may_look_like_formulas() -> None:
    names = ["$\\frac{", "<b>", "a name that is far too long for an axis"]
    figure = plot_confusion(np.eye(3, dtype=int), names)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[:2] == names[:2]
    assert len(labels[2]) < 15
