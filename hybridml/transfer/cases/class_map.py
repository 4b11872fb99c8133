"""Which outputs of a pretrained network speak for which class of the task (case 0)."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe, did_you_mean, is_count
from hybridml.exceptions import DataError

Floats = npt.NDArray[np.floating[Any]]
ClassMap = Mapping[Any, str | int | Sequence[str | int]]


def learn_class_map(
    outputs: Floats, labels: npt.NDArray[np.intp], *, smoothing: float = 1.0
) -> npt.NDArray[np.float64]:
    """Estimate, for each output of the network, the class that it speaks for.

    An output's evidence for a class is the probability that it gets on the class's
    images, on average; classes count alike, however many images they have.

    Parameters
    ----------
    outputs : ndarray of shape (n_images, n_outputs)
        The network's probabilities; rows sum to one.
    labels : ndarray of shape (n_images,), int
        From 0; every class occurs.
    smoothing : float, default=1.0
        Strength of the prior that an output speaks for all classes alike, in images a
        class that give each output the same probability.

    Returns
    -------
    shares : ndarray of shape (n_outputs, n_classes), float64
        Rows sum to one: P(class | output).
    """
    n_classes, n_outputs = labels.max() + 1, outputs.shape[1]
    evidence = np.empty((n_outputs, n_classes))
    for label in range(n_classes):
        own = outputs[labels == label]
        total = own.sum(axis=0, dtype=np.float64) + smoothing / n_outputs
        evidence[:, label] = total / (len(own) + smoothing)
    return np.asarray(evidence / evidence.sum(axis=1, keepdims=True))


def learn_label_map(
    outputs: Floats, present: npt.NDArray[np.bool_], *, smoothing: float = 1.0
) -> npt.NDArray[np.float64]:
    """Estimate, for each output of the network, which labels it speaks for.

    Each label is a class map of its own, of the images that have it and those that do
    not; both count alike, however rare the label is. What all the images agree on is
    taken for certain.

    Parameters
    ----------
    outputs : ndarray of shape (n_images, n_outputs)
    present : ndarray of shape (n_images, n_labels), bool
    smoothing : float, default=1.0
        As for `learn_class_map`.

    Returns
    -------
    shares : ndarray of shape (n_outputs, n_labels), float64
        P(label | output).
    """
    columns = [
        np.full(outputs.shape[1], float(has_it[0]))
        if (has_it == has_it[0]).all()
        else learn_class_map(outputs, has_it.astype(int), smoothing=smoothing)[:, 1]
        for has_it in present.T
    ]
    return np.column_stack(columns)


def named_class_map(
    class_map: ClassMap,
    classes: npt.NDArray[Any],
    categories: Sequence[str],
    n_outputs: int,
    *,
    exclusive: bool = True,
) -> npt.NDArray[np.float64]:
    """Turn a map from class to output names (or numbers) into shares.

    Parameters
    ----------
    class_map : mapping of {class: name, number, or sequence of them}
    classes : ndarray of shape (n_classes,)
    categories : sequence of str
        Names of the outputs, in order; empty where they have none.
    n_outputs : int
    exclusive : bool, default=True
        Whether an image has one class only; else an output speaks wholly for each of
        the labels that it is named for.

    Returns
    -------
    shares : ndarray of shape (n_outputs, n_classes), float64
        Zero for outputs that speak for no class; an output named for several classes
        is shared among them.

    Raises
    ------
    DataError
        If a class is not in the map or has no outputs, or an output is not known or
        its name is that of several.
    """
    shares = np.zeros((n_outputs, len(classes)))
    for column, label in enumerate(classes.tolist()):
        if label not in class_map:
            expected = f"outputs for each of the classes {classes.tolist()}"
            raise DataError(describe("class_map", dict(class_map), expected))
        given: Any = class_map[label]
        outputs = [given] if isinstance(given, str | numbers.Integral) else list(given)
        if not outputs:
            raise DataError(f"Got class_map with no outputs for {label!r}.")
        for output in outputs:
            shares[_find_output(output, categories, n_outputs), column] = 1.0
    if not exclusive:
        return shares
    total = shares.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(shares, total, out=shares, where=total > 0))


def _find_output(output: object, categories: Sequence[str], n_outputs: int) -> int:
    if is_count(output, minimum=0) and output < n_outputs:  # type: ignore[operator]
        return int(output)  # type: ignore[call-overload, no-any-return]
    places = [i for i, name in enumerate(categories) if name == output]
    if len(places) > 1:
        raise DataError(
            f"Got {output!r} in class_map, which {len(places)} outputs are called; "
            f"expected one. Use its number, one of {places}."
        )
    if places:
        return places[0]
    kinds = "an output's name or number" if len(categories) else "an output's number"
    expected = f"{kinds} (0 to {n_outputs - 1})"
    hint = did_you_mean(output, categories)
    raise DataError(describe("an output of class_map", output, expected, hint))
