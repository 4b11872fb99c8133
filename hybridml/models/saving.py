"""`save_model`: a fitted estimator as an MLflow model without pickled code."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hybridml._checks import describe
from hybridml._optional import is_installed
from hybridml.exceptions import InvalidParameterError
from hybridml.models.folder import write_model
from hybridml.models.limits import Limits
from hybridml.models.manifest import NAME, Manifest, digest_file

FLAVOUR = "hybridml"
LOADER = "hybridml.serving.loader"
_DATA = "hybridml"
_NEEDED = ("hybridml", "scikit-learn", "skops", "torch", "torchvision", "xgboost")


def save_model(
    estimator: Any,
    path: str | Path,
    *,
    embed_weights: bool = False,
    input_example: Any = None,
    signature: Any = None,
    trusted: Collection[str] = (),
    pip_requirements: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> Path:
    """Save a fitted estimator as an MLflow model that holds no code.

    Pretrained networks are referred to by name and digest, or embedded; weights of
    yours, from a file or an address, always are. What was learned is kept by skops,
    XGBoost's trees as its JSON, and fine-tuned weights as safetensors; `hybridml.json`
    holds the digest of each file. What `load_model` gives predicts the same, bit for
    bit, on a machine of the same kind.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier or regressor of images or sounds, a pipeline of them, or a
        fusion estimator.
    path : str or Path
        Folder to make; there must not be one yet.
    embed_weights : bool, default=False
        Whether the weights of pretrained networks become part of the model, so that it
        needs no download.
    input_example : X of a few rows, or None, default=None
        Kept with the model, for those who call it. Of images alone, None stands for a
        small grey one.
    signature : mlflow.models.ModelSignature or None, default=None
        None stands for one made of what the estimator takes and gives.
    trusted : collection of str, default=()
        Types of your own inside the estimator, by module and name, which `load_model`
        has to be told, too. They must be importable there.
    pip_requirements : sequence of str or None, default=None
        None stands for hybridml and what it predicts with, in their present versions.
    metadata : dict or None, default=None
        Kept in the file MLmodel.

    Returns
    -------
    path : Path

    Raises
    ------
    ModelError
        If it is not fitted, or holds what cannot be saved without code.
    InvalidParameterError
        If there is something at `path`.

    Notes
    -----
    Parameters that tell of this machine or of the fit alone are not kept: a store
    becomes the default one; callbacks and checkpoints are left out.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from hybridml import TransferClassifier, load_model, save_model
    >>> from hybridml.testing import make_photos, register_tiny_backbone
    >>> X, y = make_photos(20)
    >>> model = TransferClassifier(register_tiny_backbone(), store=None).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     again = load_model(save_model(model, f"{folder}/model"))
    >>> bool((again.predict(X) == model.predict(X)).all())
    True
    """
    target = Path(path).expanduser()
    if target.exists():
        expected = "a folder that is not there yet"
        raise InvalidParameterError(describe("path", str(path), expected))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=f".{target.name}-"
    ) as work:
        content, made = Path(work) / _DATA, Path(work) / "model"
        manifest = write_model(
            estimator, content, embed_weights=embed_weights, trusted=trusted
        )
        write_mlflow_model(
            made,
            content,
            manifest,
            input_example=input_example,
            signature=signature,
            pip_requirements=pip_requirements,
            metadata=metadata,
        )
        made.rename(target)
    return target


def write_mlflow_model(
    path: Path,
    content: Path,
    manifest: Manifest,
    *,
    model: Any = None,
    input_example: Any = None,
    signature: Any = None,
    pip_requirements: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Put MLflow's description beside the files of a model.

    Parameters
    ----------
    path : Path
        Folder to make.
    content : Path
        What `write_model` wrote; it is copied.
    manifest : Manifest
    model : mlflow.models.Model or None
        What is described; None for a new one.
    input_example, signature, pip_requirements, metadata
        As in `save_model`.
    """
    import mlflow.pyfunc
    from mlflow.models import Model

    from hybridml.models.signature import make_example, make_signature

    described = model or Model()
    described.add_flavor(
        FLAVOUR,
        data=f"data/{content.name}",
        estimator=manifest.estimator,
        task=manifest.task,
        hybridml_version=version("hybridml"),
        manifest_sha256=digest_file(content / NAME),
    )
    mlflow.pyfunc.save_model(
        path=str(path),
        loader_module=LOADER,
        data_path=str(content),
        mlflow_model=described,
        signature=signature or make_signature(manifest),
        input_example=make_example(manifest, input_example),
        pip_requirements=list(pip_requirements or _requirements(manifest)),
        # MLflow lets those be set that are named here.
        model_config={**asdict(Limits()), "trusted": []},
        metadata=metadata,
    )


def _requirements(manifest: Manifest) -> list[str]:
    names = [told["backbone"] for told in manifest.networks]
    extra = ["timm"] if any(name.startswith("timm:") for name in names) else []
    wanted = [p for p in (*_NEEDED, *extra) if is_installed(p)]
    # A local part, as in "2.9.0+cpu", is known to no package index.
    return [f"{p}=={version(p).partition('+')[0]}" for p in wanted]
