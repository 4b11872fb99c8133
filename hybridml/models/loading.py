"""`load_model`: an estimator from a folder, or from MLflow."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from hybridml.exceptions import ModelError
from hybridml.models.folder import read_model
from hybridml.models.manifest import NAME, digest_file
from hybridml.models.registry import Registry

_SCHEMES = (
    "models:/",
    "runs:/",
    "mlflow-artifacts:/",
    "s3://",
    "gs://",
    "http://",
    "https://",
)


def load_model(
    model: str | Path,
    *,
    tracking_uri: str | None = None,
    trusted: Collection[str] = (),
) -> Any:
    """Load an estimator that `save_model` or `log_model` has kept.

    Nothing in the files is run. They are compared with their digests, and so are the
    weights of the networks that the model refers to. Digests tell damage and mix-ups;
    someone who can write the files can write digests, too, and what then protects is
    that only estimators of scikit-learn and hybridml are made, and that no path or
    address in them is opened. MLflow's own loaders give no such promise: MLmodel names
    the code that they run.

    Parameters
    ----------
    model : str or Path
        A folder; or an address in MLflow: "models:/pets@champion", "models:/pets/3",
        "models:/m-0123...", "runs:/<id>/model".
    tracking_uri : str or None, default=None
        The MLflow store of an address, as in `MLflowTracker`.
    trusted : collection of str, default=()
        Types of your own that it may hold; see `save_model`.

    Returns
    -------
    estimator : fitted estimator

    Raises
    ------
    ModelError
        If there is no such model, files are missing or were changed, it holds types
        that are not trusted, or its networks cannot be had.

    Examples
    --------
    >>> load_model("nowhere")
    Traceback (most recent call last):
    ...
    hybridml.exceptions.ModelError: Got model='nowhere'; expected a folder of ...
    """
    return read_model(find_model(model, tracking_uri=tracking_uri), trusted=trusted)


def find_model(model: str | Path, *, tracking_uri: str | None = None) -> Path:
    """Return the folder with the files of a model, which is fetched where needed.

    Raises
    ------
    ModelError
        If there is no such model, or its description was changed.
    """
    if isinstance(model, str) and model.startswith(_SCHEMES):
        return _content_of(_fetch(model, tracking_uri), model)
    return _content_of(Path(model).expanduser(), str(model))


def _fetch(address: str, tracking_uri: str | None) -> Path:
    import mlflow.artifacts
    from mlflow.exceptions import MlflowException

    registry = Registry(tracking_uri)
    is_named = address.startswith(("models:/", "runs:/"))
    place = registry.locate(address) if is_named else address
    # Weights are read when they are needed: the files stay until the process ends.
    folder = tempfile.mkdtemp(prefix="hybridml-model-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        found = mlflow.artifacts.download_artifacts(
            artifact_uri=place, dst_path=folder, tracking_uri=registry.uri
        )
    except (MlflowException, OSError) as exc:
        raise ModelError(f"Cannot fetch the model {address!r}: {exc}") from exc
    return Path(found)


def _content_of(folder: Path, model: str) -> Path:
    if (folder / NAME).is_file():
        return folder
    told = _flavour(folder / "MLmodel")
    if told is None:
        raise ModelError(
            f"Got model={model!r}; expected a folder of save_model, or an address in "
            "MLflow such as 'models:/name@champion'."
        )
    content = folder / str(told.get("data"))
    is_inside = content.resolve().is_relative_to(folder.resolve())
    if not is_inside or not (content / NAME).is_file():
        raise ModelError(f"The model {model!r} has lost its file {NAME}.")
    if digest_file(content / NAME) != told.get("manifest_sha256"):
        raise ModelError(
            f"The model {model!r} is not what was saved: {NAME} was changed. Save it "
            "again, or get an intact copy."
        )
    return content


def _flavour(path: Path) -> dict[str, Any] | None:
    """Return what MLmodel says of our flavour; None where it says nothing."""
    if not path.is_file():
        return None
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        flavour = told["flavors"]["hybridml"]
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        return None
    return flavour if isinstance(flavour, dict) else None
