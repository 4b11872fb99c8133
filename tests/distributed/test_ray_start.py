"""Starting Ray for one user on one machine."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

import psutil
import pytest

from hybridml import _optional, extract_features
from hybridml._optional import MissingPackageError, is_installed
from hybridml.exceptions import InvalidParameterError

with_ray = pytest.mark.skipif(not is_installed("ray"), reason="Ray is not installed")


@pytest.mark.ray
@pytest.mark.slow
@with_ray
def test_ray_that_is_started_listens_on_loopback_and_is_stopped(
    photos: list[str],
    tiny: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hybridml.distributed.ray_start import connected

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    here = psutil.Process()
    before = here.children(recursive=True)  # of other tests
    with (
        caplog.at_level(logging.WARNING),
        connected(None, n_cpus=3, n_gpus=0) as ray,
    ):
        assert ray.cluster_resources()["CPU"] >= 3
        options = {"engine": "ray", "n_workers": 1}
        extract_features(photos[:3], output=tmp_path, backbone=tiny, **options)
        assert ray.is_initialized()  # the connection of this process is left
        family = [p for p in here.children(recursive=True) if p not in before]
        addresses = listening([here, *family])
        assert addresses <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
        assert addresses
        assert listening(family, "dashboard.py") == set()
    assert not ray.is_initialized()
    assert psutil.wait_procs(family, timeout=60)[1] == []
    assert "ray start --head" in caplog.text
    assert "RAY_USAGE_STATS_ENABLED" not in os.environ


@pytest.mark.ray
@pytest.mark.slow
@with_ray
def test_address_without_a_cluster_is_refused(
    photos: list[str], tiny: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidParameterError, match="expected where a Ray cluster can"):
        extract_features(
            photos, output=tmp_path, backbone=tiny, engine="ray", address="nonsense"
        )


def test_missing_ray_is_told_of(
    photos: list[str], tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_optional, "_version_of", lambda package: None)
    with pytest.raises(MissingPackageError, match=r'pip install "hybridml\[ray\]"'):
        extract_features(photos, output=tmp_path, backbone=tiny, engine="ray")


def listening(processes: list[psutil.Process], command: str = "") -> set[str]:
    """Addresses that processes of a command listen on, those that are still there."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if command not in " ".join(process.cmdline()):
                continue
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    found.add(connection.laddr.ip)
    return found
