"""An MLflow store's models and their registered versions, by its public client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hybridml.exceptions import ModelError
from hybridml.tracking._mlflow_address import artifact_location, resolve_uri
from hybridml.tracking.sending.mlflow_store import EXPERIMENT_TAGS

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER = "champion", "challenger"

_VERSIONS_TAG = "mlflow.modelVersions"


class Registry:
    """Creates models, registers versions of them, and moves aliases.

    Parameters
    ----------
    tracking_uri : str or None
        As in `MLflowTracker`; of the registry, too.

    Attributes
    ----------
    uri : str
        The store's address.
    """

    def __init__(self, tracking_uri: str | None) -> None:
        from mlflow import MlflowClient

        self.uri = resolve_uri(tracking_uri)
        self._client: MlflowClient = MlflowClient(self.uri, registry_uri=self.uri)

    def has_run(self, run_id: str | None) -> bool:
        """Whether the store has a run of this name."""
        from mlflow.exceptions import MlflowException

        if run_id is None:
            return False
        try:
            self._client.get_run(run_id)
        except MlflowException as exc:
            if exc.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise
        return True

    def create(
        self,
        name: str,
        kind: str,
        experiment: str,
        run_id: str | None,
        *,
        tags: dict[str, str],
    ) -> str:
        """Create a model without files yet, and return its id."""
        if run_id is not None:
            place = self._client.get_run(run_id).info.experiment_id
        else:
            place = self._experiment(experiment)
        created = self._client.create_logged_model(
            place, name=name, source_run_id=run_id, tags=tags, model_type=kind
        )
        return str(created.model_id)

    @contextmanager
    def filling(self, model_id: str, run_id: str | None) -> Iterator[None]:
        """Say at the end of a block that a model is ready, or that it failed."""
        from mlflow.entities import LoggedModelOutput

        status: Literal["READY", "FAILED"] = "FAILED"
        try:
            yield
            status = "READY"
        finally:
            self._client.finalize_logged_model(model_id, status)
        if run_id is not None:
            output = LoggedModelOutput(model_id=model_id, step=0)
            self._client.log_outputs(run_id, [output])

    def send(self, model_id: str, folder: Path) -> None:
        """Send the files of a model."""
        self._client.log_model_artifacts(model_id, str(folder))

    def register(
        self,
        name: str,
        model_id: str,
        run_id: str | None,
        *,
        description: str,
        tags: dict[str, str],
    ) -> int:
        """Make a model the newest version of a registered one; return its number."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(name)
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        # Where it is in a database itself, MLflow would look for a model by its id, or
        # by "models:/m-...", in the store that it is set to globally.
        model = self._client.get_logged_model(model_id)
        is_server = self.uri.startswith(("http://", "https://"))
        version = self._client.create_model_version(
            name,
            source=model.artifact_location,
            run_id=run_id,
            tags=tags,
            description=description or None,
            model_id=model_id if is_server else None,
        )
        # By this tag MLflow's pages lead from the model to its versions.
        versions = json.dumps([{"name": name, "version": int(version.version)}])
        self._client.set_logged_model_tags(model_id, {_VERSIONS_TAG: versions})
        return int(version.version)

    def locate(self, address: str) -> str:
        """Return where the files of a model are that is named by its address.

        Parameters
        ----------
        address : str
            "models:/name/1", "models:/name@alias", "models:/m-...", or "runs:/id/name".

        Raises
        ------
        ModelError
            If there is none.
        """
        from mlflow.exceptions import MlflowException

        scheme, _, rest = address.partition(":/")
        name, _, part = rest.strip("/").partition("/")
        try:
            if scheme == "runs":
                return self._of_run(name, part)
            if name.startswith("m-") and not part and "@" not in name:
                return str(self._client.get_logged_model(name).artifact_location)
            if "@" in name:
                name, _, alias = name.partition("@")
                part = self._client.get_model_version_by_alias(name, alias).version
            return str(self._client.get_model_version_download_uri(name, part))
        except MlflowException as exc:
            raise ModelError(f"Cannot find the model {address!r}: {exc}") from exc

    def _of_run(self, run_id: str, name: str) -> str:
        outputs = self._client.get_run(run_id).outputs
        found = [
            self._client.get_logged_model(output.model_id)
            for output in (outputs.model_outputs if outputs else [])
        ]
        places = [str(m.artifact_location) for m in found if m.name == name]
        if not places:
            known = ", ".join(repr(model.name) for model in found) or "none"
            raise ModelError(f"The run {run_id} has no model {name!r}; it has {known}.")
        return places[-1]

    def version_of(self, name: str, alias: str) -> int | None:
        """Return the version with an alias; None where there is none."""
        from mlflow.exceptions import MlflowException

        try:
            found = self._client.get_registered_model(name)
        except MlflowException as exc:
            if exc.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        version = dict(found.aliases or {}).get(alias)
        return None if version is None else int(version)

    def check_version(self, name: str, version: int) -> None:
        """Refuse a version that does not exist.

        Raises
        ------
        ModelError
        """
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_model_version(name, str(version))
        except MlflowException as exc:
            message = f"There is no version {version} of the model {name!r}: {exc}"
            raise ModelError(message) from exc

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """Give an alias to a version, and take it from any other."""
        self._client.set_registered_model_alias(name, alias, str(version))

    def drop_alias(self, name: str, alias: str, version: int) -> None:
        """Take an alias from a version, if it has it."""
        if self.version_of(name, alias) == version:
            self._client.delete_registered_model_alias(name, alias)

    def add_to_description(self, name: str, version: int, text: str) -> None:
        """Put a text before the description of a version."""
        before = self._client.get_model_version(name, str(version)).description
        whole = f"{text}\n\n{before}" if before else text
        self._client.update_model_version(name, str(version), whole)

    def tag(self, name: str, version: int, tags: dict[str, Any]) -> None:
        """Set tags of a version."""
        for key, value in tags.items():
            self._client.set_model_version_tag(name, str(version), key, str(value))

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        location = artifact_location(self.uri, name)
        created = self._client.create_experiment(
            name, artifact_location=location, tags=EXPERIMENT_TAGS
        )
        return str(created)
