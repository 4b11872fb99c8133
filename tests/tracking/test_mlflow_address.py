"""Which store applies is settled by argument, environment and working folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridml.tracking._mlflow_address import (
    artifact_location,
    describe_place,
    resolve_uri,
    without_password,
)


def test_the_default_is_a_database_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_uri(None) == f"sqlite:///{tmp_path}/mlflow.db"


def test_the_environment_comes_before_the_default_and_after_the_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://from.environment")
    assert resolve_uri(None) == "http://from.environment"
    assert resolve_uri("http://given") == "http://given"


def test_a_relative_database_is_made_absolute_and_keeps_its_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = f"sqlite:///{tmp_path}/a/b.db?timeout=3"
    assert resolve_uri("sqlite:///a/b.db?timeout=3") == expected


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///:memory:", "http://a:1/b"])
def test_other_addresses_stay_as_they_are(uri: str) -> None:
    assert resolve_uri(uri) == uri
    assert artifact_location(uri, "e") is None


def test_files_are_kept_beside_the_database() -> None:
    location = artifact_location("sqlite:////data/x/mlflow.db", "cats & dogs")
    assert location == "file:///data/x/mlruns/cats___dogs"


def test_passwords_are_not_told() -> None:
    uri = "postgresql://me:s3cret@db.example.org/flow"
    assert without_password(uri) == "postgresql://me:***@db.example.org/flow"
    assert "s3cret" not in describe_place(uri)


def test_a_database_is_told_with_the_command_that_shows_it() -> None:
    told = describe_place("sqlite:////data/mlflow.db")
    assert "mlflow ui --backend-store-uri sqlite:////data/mlflow.db" in told
