"""Whether a graph says the same as its estimator, from pixels to predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.exceptions import DataError, ImageDecodeError, ModelError
from hybridml.exporting.estimators import IMAGES
from hybridml.exporting.graph import IR_VERSION, ML_OPSET, OPSET, onnxruntime
from hybridml.exporting.images import count_channels
from hybridml.fusion.early.estimator import EarlyFusion
from hybridml.fusion.modalities.frame import as_frame
from hybridml.images.channels import array_channels
from hybridml.images.door import as_images
from hybridml.images.failures import raise_bad_images

Feeds = dict[str, npt.NDArray[Any]]
METHODS = {
    "label": "predict",
    "numbers": "predict",
    "probabilities": "predict_proba",
    "scores": "decision_function",
}
_EXACT = "label"


@dataclass(frozen=True)
class Rows:
    """What an estimator is asked about, and how a graph is asked the same.

    Attributes
    ----------
    X : ndarray or DataFrame
        For the estimator.
    readers : dict of {str: (column or columns, channels)}
        Of each input of the graph; channels are None where it takes numbers.
    """

    X: Any
    readers: Mapping[str, tuple[Any, int | None]]

    def __len__(self) -> int:
        return len(self.X)

    def feeds(self) -> Iterator[Feeds]:
        """Give the graph's inputs, row by row.

        Raises
        ------
        ImageDecodeError
            If images cannot be decoded: after the others, all of them.
        """
        failures: dict[int, str] = {}
        for row in range(len(self.X)):
            try:
                yield {name: self._read(row, name) for name in self.readers}
            except ImageDecodeError as exc:
                failures[row] = str(exc)
        raise_bad_images(failures, np.arange(len(self.X)))

    def _read(self, row: int, name: str) -> npt.NDArray[Any]:
        columns, channels = self.readers[name]
        if columns is None:
            found = self.X[row]
        elif isinstance(columns, list) and channels is not None:
            found = self.X[columns[0]].iloc[row]
        else:
            found = self.X[columns].iloc[row]
        if channels is not None:
            return array_channels(found, channels)[np.newaxis]
        return np.asarray(found, dtype=np.float64).reshape(1, -1)


def rows_for(inner: Any, images: Any) -> Rows:
    """Bring what the user gave to check with into form.

    Raises
    ------
    DataError
        If there is nothing.
    """
    if isinstance(inner, EarlyFusion):
        frame, kinds = as_frame(images), inner.input_kinds()
        readers = {}
        for encoder in inner.encoders_:
            columns = encoder.columns_
            first = columns[0] if isinstance(columns, list) else columns
            is_image = kinds[first] != "value"
            channels = count_channels(encoder.estimator_) if is_image else None
            readers[encoder.name] = (columns, channels)
        return _not_empty(Rows(frame, readers))
    channels = count_channels(inner)
    return _not_empty(
        Rows(as_images(images, channels=channels), {IMAGES: (None, channels)})
    )


def expected_of(
    estimator: Any, rows: Rows, outputs: list[str]
) -> dict[str, npt.NDArray[Any]]:
    """Ask the estimator for what a graph gives out."""
    asked = {METHODS[name]: None for name in outputs}
    said = {name: np.asarray(getattr(estimator, name)(rows.X)) for name in asked}
    return {name: said[METHODS[name]] for name in outputs}


def compare(
    model: bytes, rows: Rows, expected: dict[str, npt.NDArray[Any]], tolerance: float
) -> float:
    """Run a graph on rows, one by one, and compare what it says.

    Parameters
    ----------
    model : bytes
        An ONNX file's content.
    rows : Rows
    expected : dict of {str: ndarray of shape (n_rows, ...)}
        By output.
    tolerance : float
        Of probabilities; of scores and numbers, part of the largest one.

    Returns
    -------
    largest : float
        The largest difference of a probability, or part of the largest number.

    Raises
    ------
    ModelError
        If labels are not equal, or anything else differs by more than the tolerance;
        or if onnxruntime cannot read the graph.
    """
    found = _run(model, rows, list(expected))
    problems, largest = [], 0.0
    for name, right in expected.items():
        if name == _EXACT:
            differ = (found[name] != right).reshape(len(right), -1).any(axis=1)
            if differ.any():
                problems.append(f"{int(differ.sum())} labels are others")
            continue
        off = np.abs(found[name].astype(np.float64) - right) / _unit(name, right)
        largest = max(largest, float(off.max()))
        if not off.max() <= tolerance:
            part = "" if name == "probabilities" else " of the largest one"
            problems.append(f"{name} are off by up to {off.max():.2g}{part}")
    if problems:
        raise ModelError(
            f"The graph does not agree with the estimator on {len(rows)} image(s): "
            f"{' and '.join(problems)}; expected the same labels, and differences of "
            f"at most {tolerance:.2g}. Nothing was written. Trees may "
            "put images that they were fitted on at the other side of a split: check "
            "with others."
        )
    return largest


def _run(model: bytes, rows: Rows, outputs: list[str]) -> dict[str, npt.NDArray[Any]]:
    session = _session(model)
    said = [session.run(outputs, feeds) for feeds in rows.feeds()]
    columns = zip(*said, strict=True)
    return {
        name: np.concatenate(parts)
        for name, parts in zip(outputs, columns, strict=True)
    }


def _session(model: bytes) -> Any:
    runtime = onnxruntime()
    errors = import_module(f"{runtime.__name__}.capi.onnxruntime_pybind11_state")
    try:
        return runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except (
        errors.Fail,
        errors.InvalidArgument,
        errors.InvalidGraph,
        errors.NotImplemented,
    ) as exc:
        reason = str(exc).strip().rstrip(".")
        raise ModelError(
            f"onnxruntime {runtime.__version__} cannot read the graph, which is of "
            f"operator set {OPSET}, ai.onnx.ml {ML_OPSET} and IR version {IR_VERSION}: "
            f"{reason}. Nothing was written. Run: pip install --upgrade onnxruntime"
        ) from exc


def _unit(name: str, values: npt.NDArray[Any]) -> float:
    if name == "probabilities":
        return 1.0
    return float(np.abs(values).max()) or 1.0


def _not_empty(rows: Rows) -> Rows:
    if not len(rows):
        raise DataError("Got no images to check the graph with; expected at least one.")
    return rows
