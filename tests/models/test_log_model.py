from __future__ import annotations

import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from hybridml import load_model, log_model, promote
from hybridml.exceptions import ModelError
from hybridml.testing import make_photos
from tests.models.estimators import fitted


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a new store."""
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"


def test_logged_model_is_loaded_by_its_address(uri: str) -> None:
    estimator, X = fitted("case 1, linear_svm")
    before = mlflow.get_tracking_uri()
    logged = log_model(estimator, tracking_uri=uri)
    assert mlflow.get_tracking_uri() == before
    assert logged.version is None
    loaded = load_model(logged.uri, tracking_uri=uri)
    np.testing.assert_array_equal(loaded.predict_proba(X), estimator.predict_proba(X))
    told = MlflowClient(uri).get_logged_model(logged.model_id)
    assert told.status == "READY"
    assert told.model_type == "TransferClassifier"
    assert told.tags["hybridml.digest"] == logged.digest


def test_model_belongs_to_its_run(uri: str) -> None:
    client = MlflowClient(uri)
    place = client.create_experiment("runs")
    run = client.create_run(place)
    logged = log_model(
        fitted("case 1, linear_svm")[0], tracking_uri=uri, run_id=run.info.run_id
    )
    found = client.get_run(run.info.run_id)
    assert [model.model_id for model in found.outputs.model_outputs] == [
        logged.model_id
    ]
    assert client.get_logged_model(logged.model_id).experiment_id == place


def test_versions_count_up_and_carry_description_and_tags(uri: str) -> None:
    estimator, _ = fitted("case 1, linear_svm")
    said = {"registered_name": "counted", "description": "why", "tags": {"a": "b"}}
    versions = [log_model(estimator, tracking_uri=uri, **said).version for _ in "12"]
    assert versions == [1, 2]
    found = MlflowClient(uri).get_model_version("counted", "2")
    assert found.description == "why"
    assert found.tags["a"] == "b"


def test_address_of_nothing_is_refused(uri: str) -> None:
    with pytest.raises(ModelError, match="Cannot find the model 'models:/none/1'"):
        load_model("models:/none/1", tracking_uri=uri)


def test_better_version_becomes_the_champion_and_a_worse_one_does_not(uri: str) -> None:
    X, y = make_photos(60, n_classes=3, seed=9)
    good, bad = fitted("case 1, logistic")[0], fitted("case 0")[0]
    for estimator in (bad, good):
        log_model(estimator, tracking_uri=uri, registered_name="pets")
    first = promote("pets", version=1, tracking_uri=uri)
    assert first.is_champion
    assert "there was none to beat" in first.evidence
    better = promote("pets", X, y, version=2, tracking_uri=uri)
    assert better.is_champion
    assert better.result is not None
    assert better.result["p_value"] < 0.05
    worse = promote("pets", X, y, version=1, tracking_uri=uri)
    assert worse.alias == "challenger"
    assert "not shown to be better" in worse.evidence
    found = MlflowClient(uri).get_registered_model("pets")
    assert found.aliases == {"champion": 2, "challenger": 1}
    described = MlflowClient(uri).get_model_version("pets", "2").description
    assert "paired bootstrap" in described
    np.testing.assert_array_equal(
        load_model("models:/pets@champion", tracking_uri=uri).predict(X),
        good.predict(X),
    )
    with pytest.raises(ModelError, match="Version 2 of 'pets' is the champion already"):
        promote("pets", X, y, version=2, tracking_uri=uri)
    with pytest.raises(ModelError, match="both rows to test on and a reason"):
        promote("pets", X, y, version=1, reason="because", tracking_uri=uri)
    with pytest.raises(ModelError, match="neither rows to test on nor a reason"):
        promote("pets", tracking_uri=uri)
    back = promote("pets", reason="rolled back", tracking_uri=uri)
    assert back.evidence == "Promoted without a test: rolled back"
    assert MlflowClient(uri).get_registered_model("pets").aliases == {"champion": 1}


def test_a_model_that_could_not_be_described_is_marked_as_failed(uri: str) -> None:
    with pytest.raises(ModelError, match="Cannot read the example"):
        log_model(
            fitted("case 1, linear_svm")[0],
            "broken",
            tracking_uri=uri,
            experiment="broken",
            input_example=["nowhere.jpg"],
        )
    client = MlflowClient(uri)
    place = client.get_experiment_by_name("broken")
    assert place is not None
    (found,) = client.search_logged_models([place.experiment_id])
    assert found.status == "FAILED"


@pytest.mark.slow
def test_another_champion_in_the_meantime_is_not_replaced(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["hybridml.models.promote"]  # its name is the function's, too
    X, y = make_photos(60, n_classes=3, seed=9)
    good, bad = fitted("case 1, logistic")[0], fitted("case 0")[0]
    for estimator in (bad, good, good):
        log_model(estimator, tracking_uri=uri, registered_name="raced")
    promote("raced", version=1, reason="first", tracking_uri=uri)
    real = module.challenge_fitted

    def slow(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(module, "challenge_fitted", real)
        promote("raced", version=3, reason="quicker", tracking_uri=uri)
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "challenge_fitted", slow)
    found = promote("raced", X, y, version=2, tracking_uri=uri)
    assert found.alias == "challenger"
    assert "Another champion was appointed in the meantime" in found.evidence
    aliases = MlflowClient(uri).get_registered_model("raced").aliases
    assert aliases == {"champion": 3, "challenger": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "nothing"}, "no version with the alias 'challenger'"),
        ({"name": "counted", "version": 99}, "no version 99 of the model 'counted'"),
    ],
)
def test_versions_that_do_not_exist_are_refused(
    uri: str, arguments: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        promote(**arguments, reason="because", tracking_uri=uri)  # type: ignore[arg-type]
