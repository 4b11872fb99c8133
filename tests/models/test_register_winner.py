from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from hybridml import (
    MLflowTracker,
    compare_transfer_cases,
    load_model,
    register_winner,
)
from hybridml.testing import make_photos, register_tiny_backbone


@pytest.mark.slow
def test_winner_becomes_champion_only_where_it_beats_the_present_one(
    tmp_path: Path,
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    X, y = make_photos(90, n_classes=3)
    options = {
        "backbones": register_tiny_backbone(),
        "cv": 5,
        "store": None,
        "journal": None,
    }
    weak = compare_transfer_cases(X, y, cases=[0], **options)
    tracker = MLflowTracker(uri, "pets")
    strong = compare_transfer_cases(
        X, y, cases=[1], heads="logistic", tracker=tracker, **options
    )
    first = register_winner(weak, "pets", tracking_uri=uri)
    assert (first.version, first.alias) == (1, "champion")
    assert first.evidence.startswith("The first champion: accuracy 0.")
    second = register_winner(strong, "pets", tracking_uri=uri, embed_weights=True)
    assert (second.version, second.alias) == (2, "champion")
    assert second.result is not None
    assert second.result["test"].startswith("corrected resampled t-test, times ")
    assert second.result["n_folds"] == 5
    again = register_winner(strong, "pets", tracking_uri=uri)
    assert (again.version, again.alias) == (3, "challenger")
    assert again.result is not None
    assert again.result["difference"] == 0.0
    found = MlflowClient(uri).get_registered_model("pets")
    assert found.aliases == {"champion": 2, "challenger": 3}
    version = MlflowClient(uri).get_model_version("pets", "2")
    assert strong.verdict in version.description
    assert version.run_id == strong.run_id is not None
    outputs = MlflowClient(uri).get_run(version.run_id).outputs.model_outputs
    assert len(outputs) == 2
    assert float(version.tags["hybridml.p_value"]) < 0.05
    champion = load_model("models:/pets@champion", tracking_uri=uri)
    assert (champion.predict(X) == strong.best_estimator.predict(X)).all()
