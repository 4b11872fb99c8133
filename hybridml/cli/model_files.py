"""Models that commands save and load: folders without code, or joblib files."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import typer

from hybridml.cli.options import check_can_be_written
from hybridml.exceptions import DataError

JOBLIB = (".joblib", ".pkl", ".pickle")
_EXPECTED = "a model that hybridml fit, compare --save or fuse --save has saved"


def check_can_be_saved(option: str, path: Path | None) -> None:
    """Refuse a model that could not be written, before the work."""
    check_can_be_written(option, path)
    if path is not None and path.suffix not in JOBLIB and path.exists():
        message = f"{str(path)!r} is there already; name a folder that is not."
        raise typer.BadParameter(message, param_hint=option)


def save_fitted(estimator: Any, path: Path) -> None:
    """Save a fitted estimator: a .joblib file, else the folder of `save_model`."""
    if path.suffix in JOBLIB:
        import joblib

        joblib.dump(estimator, path)
        return
    from hybridml.models import save_model

    quieten_mlflow()
    save_model(estimator, path)


def quieten_mlflow() -> None:
    """Keep what MLflow logs of its steps off the terminal; warnings stay."""
    import mlflow.utils.logging_utils  # noqa: F401  it sets the level when it is loaded

    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logging.getLogger("mlflow").setLevel(logging.WARNING)


def load_fitted(model: str) -> Any:
    """Load a fitted estimator from a folder, an address in MLflow or a .joblib file.

    Raises
    ------
    DataError
        If there is none.
    """
    path = Path(model)
    if path.is_file():
        return _load_joblib(path)
    if path.suffix in JOBLIB:
        raise DataError(f"Got model={model!r}; expected {_EXPECTED}. No such file.")
    from hybridml.models import load_model

    return load_model(model)


def _load_joblib(path: Path) -> Any:
    import joblib

    try:
        estimator = joblib.load(path)
    except Exception as error:  # unpickling may raise anything
        reason = f"{type(error).__name__}: {error}"
        message = f"Got model={str(path)!r}; expected {_EXPECTED}. ({reason})"
        raise DataError(message) from error
    if not hasattr(estimator, "predict") or not hasattr(estimator, "classes_"):
        found = f"It holds a {type(estimator).__name__}."
        raise DataError(f"Got model={str(path)!r}; expected {_EXPECTED}. {found}")
    return estimator
