"""`log_model`: a fitted estimator among the models of an MLflow store."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridml.exceptions import ModelError
from hybridml.models.folder import write_model
from hybridml.models.manifest import NAME, digest_file
from hybridml.models.registry import Registry
from hybridml.models.saving import write_mlflow_model


@dataclass(frozen=True)
class LoggedModel:
    """A model in an MLflow store.

    Attributes
    ----------
    model_id : str
        "m-" and 32 digits.
    uri : str
        What `load_model` takes.
    version : int or None
        Of the registered model, where it was registered.
    digest : str
        SHA-256 of its manifest, which holds those of all its files.
    """

    model_id: str
    uri: str
    version: int | None
    digest: str

    @property
    def registered_version(self) -> int:
        """The version, of a model that was registered."""
        if self.version is None:
            raise ModelError(f"The model {self.model_id} was not registered.")
        return self.version


def log_model(
    estimator: Any,
    name: str = "model",
    *,
    tracking_uri: str | None = None,
    experiment: str = "hybridml",
    run_id: str | None = None,
    registered_name: str | None = None,
    description: str = "",
    tags: dict[str, str] | None = None,
    embed_weights: bool = False,
    input_example: Any = None,
    signature: Any = None,
    trusted: Collection[str] = (),
    pip_requirements: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> LoggedModel:
    """Save a fitted estimator into an MLflow store; see `save_model`.

    No global state of MLflow is read or set but the environment variable
    MLFLOW_TRACKING_URI.

    Parameters
    ----------
    estimator : fitted estimator
    name : str, default="model"
        What it is called in the store.
    tracking_uri : str or None, default=None
        As in `MLflowTracker`.
    experiment : str, default="hybridml"
        Where it is listed; that of the run, where there is one.
    run_id : str or None, default=None
        The run that it comes from.
    registered_name : str or None, default=None
        The registered model of which it becomes a new version; made where it is not
        there yet.
    description : str, default=""
        Of the version, in markdown.
    tags : dict or None, default=None
        Of the model, and of the version.
    embed_weights, input_example, signature, trusted, pip_requirements, metadata
        As in `save_model`.

    Returns
    -------
    logged : LoggedModel

    Raises
    ------
    ModelError
        If it cannot be saved.
    mlflow.exceptions.MlflowException
        If the store cannot be reached, or refuses it.

    Examples
    --------
    >>> logged = log_model(fitted, registered_name="pets")  # doctest: +SKIP
    >>> load_model("models:/pets/1").predict(X)  # doctest: +SKIP
    """
    from mlflow.models import Model

    registry = Registry(tracking_uri)
    with tempfile.TemporaryDirectory(prefix="hybridml-") as work:
        content, made = Path(work) / "hybridml", Path(work) / "model"
        manifest = write_model(
            estimator, content, embed_weights=embed_weights, trusted=trusted
        )
        digest = digest_file(content / NAME)
        all_tags = {"hybridml.digest": digest, **(tags or {})}
        model_id = registry.create(
            name, manifest.estimator, experiment, run_id, tags=all_tags
        )
        with registry.filling(model_id, run_id):
            write_mlflow_model(
                made,
                content,
                manifest,
                model=Model(run_id=run_id, model_id=model_id),
                input_example=input_example,
                signature=signature,
                pip_requirements=pip_requirements,
                metadata=metadata,
            )
            registry.send(model_id, made)
    version = None
    if registered_name is not None:
        version = registry.register(
            registered_name, model_id, run_id, description=description, tags=all_tags
        )
    uri = f"models:/{registered_name}/{version}" if version else f"models:/{model_id}"
    return LoggedModel(model_id, uri, version, digest)
