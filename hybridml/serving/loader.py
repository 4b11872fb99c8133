"""What MLflow calls to load a model of ours: `mlflow models serve`, pyfunc, Spark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from hybridml._checks import did_you_mean, list_names
from hybridml.exceptions import InvalidParameterError
from hybridml.models.folder import read_model
from hybridml.models.limits import Limits
from hybridml.models.manifest import Manifest
from hybridml.serving.rows import RequestError
from hybridml.serving.served_model import ServedModel

_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+={0,2}\s*")


class PyfuncModel:
    """A served model as MLflow knows them."""

    def __init__(self, served: ServedModel) -> None:
        self._served = served

    def predict(
        self, model_input: Any, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Predict a table; see `ServedModel.predict`.

        Raises
        ------
        MlflowException
            If something is wrong with the rows; a server answers it with status 400.
        """
        from mlflow.exceptions import MlflowException

        try:
            return self._served.predict(as_table(model_input, self._served.manifest))
        except RequestError as exc:
            raise MlflowException.invalid_parameter_value(str(exc)) from exc


def as_table(given: Any, manifest: Manifest) -> pd.DataFrame:
    """Bring what MLflow hands over into a table.

    A list or an array of images is the column of a model that has only one.

    Raises
    ------
    RequestError
        If it is something else.
    """
    if isinstance(given, pd.DataFrame):
        files = {str(t["name"]) for t in manifest.inputs if t["kind"] != "value"}
        names = [name for name in given.columns if str(name) in files]
        return given.assign(**{str(n): given[n].map(_as_text) for n in names})
    if isinstance(given, dict):
        columns = {name: _listed(values) for name, values in given.items()}
        if len({len(values) for values in columns.values()}) > 1:
            raise RequestError("The columns of the request differ in length.")
        table = {n: pd.Series(v, dtype=object) for n, v in columns.items()}
        return as_table(pd.DataFrame(table), manifest)
    if len(manifest.inputs) == 1 and not isinstance(given, str | bytes):
        return as_table({manifest.inputs[0]["name"]: given}, manifest)
    raise RequestError(f"Got {type(given).__name__}; expected a table with columns.")


def _listed(values: Any) -> list[Any]:
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        return [values]
    return list(values)


def _as_text(value: Any) -> Any:
    """Turn bytes that are base64 text into text, and leave all else alone.

    MLflow hands over "inputs" and "instances" like that. No file of an image or a sound
    consists of such letters alone.
    """
    is_base64 = isinstance(value, bytes) and _BASE64.fullmatch(value)
    return value.decode("ascii") if is_base64 else value


def _load_pyfunc(
    data_path: str, model_config: dict[str, Any] | None = None
) -> PyfuncModel:
    """Load the model of a folder.

    Parameters
    ----------
    data_path : str
    model_config : dict or None
        Limits by name (see `Limits`), and "trusted", as `load_model` takes it.
    """
    config = dict(model_config or {})
    trusted = config.pop("trusted", ())
    unknown = [name for name in config if name not in Limits.names()]
    if unknown:
        known = ["trusted", *Limits.names()]
        cure = did_you_mean(unknown[0], known)
        raise InvalidParameterError(
            f"Got model_config with {list_names(unknown)}; expected "
            f"{list_names(known)}. {cure}".rstrip()
        )
    folder = Path(data_path)
    estimator = read_model(folder, trusted=trusted)
    served = ServedModel(estimator, Manifest.read(folder), Limits(**config))
    return PyfuncModel(served)
