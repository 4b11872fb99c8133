"""An MLflow store's models and their registered versions, by its public client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridml.exceptions import ModelError
from hybridml.tracking._mlflow_address import artifact_location, resolve_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER = "champion", "challenger"


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

    def fill(self, model_id: str, folder: Path, run_id: str | None) -> None:
        """Send the files of a model, and say that it is ready."""
        from mlflow.entities import LoggedModelOutput

        sent = False
        try:
            self._client.log_model_artifacts(model_id, str(folder))
            sent = True
        finally:
            self._client.finalize_logged_model(model_id, "READY" if sent else "FAILED")
        if run_id is not None:
            output = LoggedModelOutput(model_id=model_id, step=0)
            self._client.log_outputs(run_id, [output])

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
        version = self._client.create_model_version(
            name,
            source=f"models:/{model_id}",
            run_id=run_id,
            tags=tags,
            description=description or None,
            model_id=model_id,
        )
        return int(version.version)

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
        return str(self._client.create_experiment(name, artifact_location=location))
