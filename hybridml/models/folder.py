"""A fitted estimator as a folder of files without code, and back."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from safetensors import SafetensorError

from hybridml.exceptions import ModelError
from hybridml.models.describing import describe_estimator
from hybridml.models.manifest import Manifest, current_versions, digest_files
from hybridml.models.networks import (
    connect_networks,
    fitted_extractors,
    refer_to_networks,
)
from hybridml.models.stand_ins import put_back, take_out, take_out_settings
from hybridml.models.trusted import TRUSTED

_ESTIMATOR = "estimator.skops"
# What a file may lead to that is of other versions, or that somebody made up.
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    ImportError,
    RuntimeError,
    BadZipFile,
    SafetensorError,
)


def write_model(
    estimator: Any,
    folder: Path,
    *,
    embed_weights: bool = False,
    trusted: Collection[str] = (),
) -> Manifest:
    """Write a fitted estimator into a folder, which is made; see `save_model`.

    Raises
    ------
    ModelError
        If it is not fitted, or holds something that is not trusted or needs code.
    """
    import skops.io

    described = describe_estimator(estimator)
    files: dict[str, bytes] = {}
    data = skops.io.dumps(take_out(estimator, files))
    untrusted = set(skops.io.get_untrusted_types(data=data)) - {*TRUSTED}
    _refuse(estimator, untrusted - {*trusted})
    folder.mkdir(parents=True)
    for name, content in {**files, _ESTIMATOR: data}.items():
        (folder / name).write_bytes(content)
    networks = refer_to_networks(
        fitted_extractors(estimator), folder, embed=embed_weights
    )
    manifest = Manifest(
        **described,
        networks=networks,
        versions=current_versions(),
        files=digest_files(folder),
        trusted=sorted(untrusted),
    )
    manifest.write(folder)
    return manifest


def read_model(folder: Path, *, trusted: Collection[str] = ()) -> Any:
    """Read the estimator that `write_model` wrote; see `load_model`.

    Raises
    ------
    ModelError
        If files are missing or were changed, hold types that are not trusted, or the
        networks of the model are not to be had.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    manifest = Manifest.read(folder)
    manifest.check_files(folder)
    files = {name: folder / name for name in manifest.files}
    try:
        packed = skops.io.load(folder / _ESTIMATOR, trusted=[*TRUSTED, *trusted])
        others = {
            name: path.read_bytes()
            for name, path in files.items()
            if name.startswith(("tuned-", "xgboost-"))
        }
        # Once more, so that a store or a callback that was written in is left out.
        estimator = take_out_settings(put_back(packed, others))
    except UntrustedTypesFoundException as exc:
        unsafe = skops.io.get_untrusted_types(file=folder / _ESTIMATOR)
        found = sorted(set(unsafe) - {*TRUSTED, *trusted})
        raise ModelError(
            f"The model in {str(folder)!r} holds types that are not trusted: "
            f"{', '.join(found)}. If you know them, pass trusted={found!r}."
        ) from exc
    except _DAMAGE as exc:
        raise ModelError(
            f"Cannot load a model from {str(folder)!r}: {exc}. It was saved with "
            f"{_listed(manifest.versions)}; here is {_listed(current_versions())}."
        ) from exc
    connect_networks(fitted_extractors(estimator), manifest.networks, folder)
    return estimator


def _refuse(estimator: Any, untrusted: set[str]) -> None:
    if not untrusted:
        return
    names = sorted(untrusted)
    cure = f"Pass trusted={names!r}, here and to load_model, if you know them"
    if hasattr(estimator, "best_estimator_"):
        cure += "; or save its best_estimator_"
    raise ModelError(
        f"{type(estimator).__name__} holds types that are not trusted: "
        f"{', '.join(names)}. {cure}."
    )


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())
