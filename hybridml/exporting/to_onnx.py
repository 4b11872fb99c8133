"""`to_onnx`: a fitted estimator as one ONNX graph, checked before it is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import describe as word
from hybridml._checks import is_number
from hybridml.exceptions import InvalidParameterError, ModelError
from hybridml.exporting.checking import compare, expected_of, rows_for
from hybridml.exporting.estimators import add_inputs, say_all
from hybridml.exporting.graph import Graph, onnx, onnxruntime
from hybridml.exporting.images import ImageInput
from hybridml.exporting.metadata import describe
from hybridml.exporting.said import Said
from hybridml.exporting.twin import in_float32
from hybridml.exporting.versions import check_versions
from hybridml.fusing.taking_apart import innermost


def to_onnx(
    estimator: Any, path: str | Path, *, images: Any, tolerance: float = 1e-4
) -> Path:
    """Export a fitted estimator as one ONNX graph, from pixels to predictions.

    The graph takes 8-bit images of any size. Resizing, cropping and normalising, the
    network, the scaling of its features and the shallow head are all inside, so that
    onnxruntime alone predicts: neither PyTorch nor scikit-learn is needed. It is in
    operator set 18 (and ai.onnx.ml 3 for trees), in float32 with heads in float64.

    Before anything is written, the graph predicts the images given, and is compared
    with the estimator.

    Parameters
    ----------
    estimator : estimator
        A fitted `TransferClassifier`, `TransferRegressor`, `PretrainedClassifier`,
        `AllLayersClassifier`, `LayerEnsembleClassifier`, `FineTuneClassifier`, or one
        of their regressors; a pipeline that begins with a
        `DeepFeatureExtractor`, goes on with scalers, PCA or other transformers that
        skl2onnx knows, and ends in a head; `EarlyFusionClassifier` or
        `EarlyFusionRegressor` of images and columns of numbers; or a fitted search for
        one of them.
    path : str or Path
        File to write, or to replace.
    images : sequence of images, or DataFrame
        Real ones, to check with, as the estimator takes them; for early fusion rows of
        its table. Best such as it was not fitted on: XGBoost's splits lie on the very
        values of the rows that it has seen, where the last bit decides.
    tolerance : float, default=1e-4
        How far probabilities may be off; of scores and numbers, which part of the
        largest one. Labels have to be equal.

    Returns
    -------
    path : Path

    Raises
    ------
    ModelError
        If the estimator is not fitted, a step cannot be exported or is of another
        version of XGBoost, onnxruntime cannot read the graph, or the graph does not
        agree with the estimator. The message names the step, or says how far off it is.
    MissingPackageError
        If the packages of ``pip install "hybridml[onnx]"`` are not installed, or are
        too old.

    Warns
    -----
    PrecisionWarning
        If the network ran in bfloat16: the graph is then compared with the estimator in
        float32.

    Notes
    -----
    Inputs are "images", of shape (n, height, width, channels), uint8; of early fusion
    one for each modality, by its name: images, or numbers of shape (n, n_columns),
    float64. The images of one call have one size. Outputs are "label" and
    "probabilities", or "scores" (`decision_function`) where the estimator has no
    probabilities; of a regression "numbers". What a file holds says its metadata, under
    names that begin with "hybridml.": classes, digests of weights and preprocessing,
    inputs, versions.

    An estimator is exported with the scikit-learn that fitted it: another one may read
    its attributes differently. ``hybridml export`` refuses files of other versions. In
    Python, scikit-learn gives an `InconsistentVersionWarning` when such a file is
    loaded, and the estimator no longer tells: turn that warning into an error.

    Decoding is not part of the graph. These are the pixels that the library sees of a
    photo, turned upright as its EXIF data say::

        upright = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
        pixels = np.asarray(upright)[np.newaxis]

    Transparent images it lays on white, and deeper ones than 8 bits it scales, before.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import onnxruntime
    >>> from hybridml import TransferClassifier, to_onnx
    >>> from hybridml.testing import make_photos, register_tiny_backbone
    >>> X, y = make_photos(20)
    >>> model = TransferClassifier(register_tiny_backbone(), store=None).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     path = to_onnx(model, f"{folder}/model.onnx", images=X[:4])
    ...     session = onnxruntime.InferenceSession(path)
    >>> session.run(["label"], {"images": X[:2]})
    [array(['class0', 'class1'], dtype=object)]
    """
    target = Path(path).expanduser()
    _check(estimator, target, tolerance)
    onnx()
    onnxruntime()
    check_versions(innermost(estimator))
    twin = in_float32(estimator)
    graph, inner = Graph(), innermost(twin)
    inputs = add_inputs(graph, inner)
    rows = rows_for(inner, images)
    said = say_all(inner, inputs)
    outputs = _outputs_of(said)
    expected = expected_of(twin, rows, outputs)
    _add_outputs(graph, said, outputs, is_flat=expected[outputs[-1]].ndim == 1)
    read = {name: i for name, i in inputs.items() if isinstance(i, ImageInput)}
    told = describe(type(estimator).__name__, said, rows.readers, read)
    model = graph.to_model(told).SerializeToString()
    compare(model, rows, expected, tolerance)
    _write(model, target)
    return target


def _check(estimator: Any, path: Path, tolerance: object) -> None:
    name = type(estimator).__name__
    if isinstance(estimator, type) or not hasattr(estimator, "predict"):
        raise ModelError(f"Got a {name}; expected a fitted classifier or regressor.")
    try:
        check_is_fitted(estimator)
    except NotFittedError as exc:
        raise ModelError(f"Got a {name} that is not fitted; call fit first.") from exc
    if not is_number(tolerance, low=0):
        raise InvalidParameterError(word("tolerance", tolerance, "a number >= 0"))
    if path.is_dir() or not path.absolute().parent.is_dir():
        expected = "a file in a folder that is there"
        raise InvalidParameterError(word("path", str(path), expected))


def _outputs_of(said: Said) -> list[str]:
    if said.numbers is not None:
        return ["numbers"]
    return ["label", "scores" if said.probabilities is None else "probabilities"]


def _add_outputs(
    graph: Graph, said: Said, outputs: list[str], *, is_flat: bool
) -> None:
    """Give out what is said; `is_flat` says whether the last has one axis."""
    if "label" in outputs and said.present is not None:
        graph.add_output("label", said.present, np.int64, ["n", "n_labels"])
    elif "label" in outputs:
        classes = np.asarray(said.classes)
        if classes.dtype.kind in "iu":
            classes = classes.astype(np.int64)
        labels = graph.constant(classes).take(said.positions())
        kind = object if classes.dtype.kind == "U" else classes.dtype
        graph.add_output("label", labels, kind, ["n"])
    name = outputs[-1]
    values = getattr(said, name).cast(np.float32)
    shape: list[int | str] = ["n"] if is_flat else ["n", f"n_{name}"]
    graph.add_output(name, values.reshape(-1) if is_flat else values, np.float32, shape)


def _write(model: bytes, path: Path) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(model)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
