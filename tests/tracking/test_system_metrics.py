from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from hybridml import MLflowTracker
from hybridml._optional import MissingPackageError
from hybridml.exceptions import InvalidParameterError
from hybridml.tracking.system_metrics import SystemMetrics

pytest.importorskip("psutil")


def test_samples_are_numbered_and_end_with_the_work() -> None:
    seen: list[tuple[Mapping[str, float], int]] = []
    sampler = SystemMetrics(lambda found, step: seen.append((found, step)), 0.01)
    sampler.start()
    time.sleep(0.05)
    sampler.stop()
    n_seen = len(seen)
    assert [step for _, step in seen] == list(range(n_seen))
    time.sleep(0.05)
    assert len(seen) == n_seen >= 2
    found = seen[0][0]
    assert 0 <= found["system/cpu_utilization_percentage"] <= 100
    assert 0 < found["system/system_memory_usage_percentage"] < 100
    assert all(name.startswith("system/") for name in found)


def test_short_work_gets_one_sample() -> None:
    seen: list[int] = []
    sampler = SystemMetrics(lambda found, step: seen.append(step), 60)
    sampler.start()
    sampler.stop()
    assert seen == [0]


@pytest.mark.slow
def test_they_reach_the_run(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with MLflowTracker(uri, system_metrics_s=0.1).run("work") as run:
        time.sleep(0.3)
    client = MlflowClient(uri)
    assert run.run_id is not None
    name = "system/system_memory_usage_megabytes"
    steps = [metric.step for metric in client.get_metric_history(run.run_id, name)]
    assert steps == list(range(len(steps)))
    assert len(steps) >= 2


def test_wrong_intervals_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="system_metrics_s=0; expect"):
        MLflowTracker(system_metrics_s=0)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybridml._optional._version_of", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"hybridml\[system\]"):
        MLflowTracker(system_metrics_s=5)
