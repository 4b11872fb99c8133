"""MLflow's pages as a browser shows them, from a real server over a real store."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from mlflow import MlflowClient

from hybridml import MLflowTracker, compare_transfer_cases
from hybridml.testing import make_photos, register_tiny_backbone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
START_S = 120


class Recorded(NamedTuple):
    """A comparison in a store."""

    uri: str
    verdict: str
    name: str
    experiment_id: str
    run_id: str


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A comparison of two cases, recorded in a SQLite store."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"
    X, y = make_photos(40)
    comparison = compare_transfer_cases(
        X,
        y,
        backbones=register_tiny_backbone(),
        cases=[0, 1],
        cv=2,
        store=None,
        journal=None,
        tracker=MLflowTracker(uri, "pages"),
    )
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("pages")
    assert experiment is not None
    found = client.search_runs(
        [experiment.experiment_id], "tags.`hybridml.kind` = 'comparison'"
    )
    (run,) = found
    return Recorded(
        uri,
        comparison.verdict,
        run.info.run_name,
        experiment.experiment_id,
        run.info.run_id,
    )


Look = Callable[..., str]
N_LOOKS = 4  # on a busy machine a page may be drawn after it was looked at


@pytest.fixture(scope="module")
def look(
    recorded: Recorded, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Look]:
    """Open a page of the server's in a browser, and return what it shows as HTML."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)}")
    port = _free_port()
    folder = tmp_path_factory.mktemp("pages")
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "hybridml", "ui", "--port", str(port)),
                *("--tracking-uri", recorded.uri),
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def open_page(route: str) -> str:
        shown = subprocess.run(
            [
                browser,
                *("--headless=new", "--no-sandbox", "--disable-gpu"),
                "--disable-dev-shm-usage",
                f"--user-data-dir={folder / 'profile'}",
                *("--window-size=1600,1200", "--virtual-time-budget=30000"),
                "--dump-dom",
                f"http://127.0.0.1:{port}/#/{route}",
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        return shown.stdout

    def look_until(route: str, drawn: str = "") -> str:
        for _ in range(N_LOOKS):
            page = open_page(route)
            if drawn in page:
                break
        return page

    try:
        _wait_for(port, folder / "server.log")
        yield look_until
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def test_list_of_runs_says_which_case_won(recorded: Recorded, look: Look) -> None:
    page = look(f"experiments/{recorded.experiment_id}/runs")
    assert recorded.name in page
    assert recorded.name.split(" ")[1] == "case"
    assert "Training runs" in page


def test_page_of_the_comparison_tells_the_outcome(
    recorded: Recorded, look: Look
) -> None:
    page = look(f"experiments/{recorded.experiment_id}/runs/{recorded.run_id}")
    assert recorded.verdict[:60] in page
    for shown in ("score_case_0", "score_case_1", "score_baseline", "n_images"):
        assert shown in page
    assert "compare_transfer_cases(" in page
    assert "hybridml.winner" in page


def test_charts_of_folded_runs_are_not_empty(recorded: Recorded, look: Look) -> None:
    route = f"experiments/{recorded.experiment_id}/runs?compareRunsMode=CHART"
    page = look(route, drawn="js-plotly-plot")
    assert "score_case_1" in page
    assert page.count("js-plotly-plot") >= 2


def test_two_runs_are_compared_by_their_scores(recorded: Recorded, look: Look) -> None:
    client = MlflowClient(recorded.uri)
    below = f"tags.`mlflow.parentRunId` = '{recorded.run_id}'"
    children = client.search_runs([recorded.experiment_id], below)
    ids = ",".join(f'"{run.info.run_id}"' for run in children)
    page = look(f'compare-runs?runs=[{ids}]&experiments=["{recorded.experiment_id}"]')
    for run in children:
        assert run.info.run_name.split(" (")[0] in page
    assert "fit_time_s" in page
    assert "score" in page


def _wait_for(port: int, log: Path) -> None:
    limit = time.monotonic() + START_S
    while time.monotonic() < limit:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(log.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
