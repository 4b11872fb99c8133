"""Extraction on Ray: the same rows, whoever is killed meanwhile."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest
from PIL import Image

from hybridml import (
    DeepFeatureExtractor,
    FeatureDataset,
    FeatureStore,
    extract_features,
)
from hybridml._optional import is_installed
from hybridml.backbones.counting import images_forwarded
from hybridml.distributed.finishing import find_rows
from hybridml.distributed.folder import Folder
from hybridml.exceptions import DataError, ImageDecodeError, InvalidParameterError
from tests.distributed.conftest import extracted, save_photos

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed("ray"), reason="Ray is not installed"),
]

N_MANY = 2000
ON_RAY = {"engine": "ray", "n_workers": 2, "precision": "fp32"}
DEADLINE_S = 120

Features = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """Ray on this machine, started once; extractions use this connection."""
    from hybridml.distributed.ray_start import connected

    with connected("local", n_cpus=2, n_gpus=0) as started:
        yield started


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return save_photos(tmp_path_factory.mktemp("many"), N_MANY)


@pytest.fixture(scope="module")
def many_expected(many: list[str], tiny: str) -> Features:
    return extracted(many, tiny)


def test_rows_are_those_of_the_local_engine(
    ray: Any, many: list[str], many_expected: Features, tiny: str, tmp_path: Path
) -> None:
    dataset = extract_features(many, output=tmp_path, backbone=tiny, **ON_RAY)
    assert_complete(dataset, many_expected)
    assert dataset.manifest["images_forwarded"] == N_MANY
    assert dataset.manifest["workers_lost"] == 0
    here = extract_features(
        many, output=tmp_path / "here", backbone=tiny, precision="fp32"
    )
    stages = dataset.cut_layers
    np.testing.assert_array_equal(dataset.features(stages), here.features(stages))


def test_search_here_follows_an_extraction_there(
    ray: Any, photos: list[str], expected: Features, tiny: str, tmp_path: Path
) -> None:
    dataset = extract_features(
        photos, output=tmp_path / "rows", backbone=tiny, **ON_RAY
    )
    store = FeatureStore(tmp_path / "store")
    dataset.copy_to(store)
    before = images_forwarded()
    extractor = DeepFeatureExtractor(tiny, device="cpu", precision="fp32", store=store)
    np.testing.assert_array_equal(extractor.transform(photos), expected)
    assert images_forwarded() == before


def test_killed_worker_costs_no_row(
    ray: Any, many: list[str], many_expected: Features, tiny: str, tmp_path: Path
) -> None:
    def kill_one() -> None:
        os.kill(workers_of(psutil.Process())[0].pid, signal.SIGKILL)

    with when_parts_are_there(tmp_path, 5, kill_one):
        dataset = extract_features(many, output=tmp_path, backbone=tiny, **ON_RAY)
    assert dataset.manifest["workers_lost"] == 1
    assert_complete(dataset, many_expected)


def test_workers_that_die_of_an_image_end_the_extraction(
    ray: Any, photos: list[str], tiny: str, tmp_path: Path
) -> None:
    stop, alone = threading.Event(), {**ON_RAY, "n_workers": 1}

    def kill_all() -> None:
        while not stop.is_set():
            for process in workers_of(psutil.Process()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.05)

    killer = threading.Thread(target=kill_all)
    killer.start()
    try:
        with pytest.raises(DataError, match=r"workers died"):
            extract_features(photos, output=tmp_path, backbone=tiny, **alone)
    finally:
        stop.set()
        killer.join()


def test_killed_driver_is_gone_on_with(
    many: list[str], many_expected: Features, tiny: str, tmp_path: Path, ray: Any
) -> None:
    output = tmp_path / "rows"
    code = f"""if True:
        from hybridml import extract_features
        from hybridml.testing import register_tiny_backbone
        from pathlib import Path
        images = sorted(map(str, Path({str(Path(many[0]).parent)!r}).iterdir()))
        extract_features(images, output={str(output)!r}, address="local",
                         backbone=register_tiny_backbone(), **{ON_RAY!r})
    """
    driver = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    wait_until(lambda: n_parts(output) >= 5 or driver.poll() is not None)
    assert driver.poll() is None, "it ended before it could be killed"
    family = psutil.Process(driver.pid).children(recursive=True)
    workers = workers_of(psutil.Process(driver.pid))
    driver.kill()
    driver.wait()
    assert len(workers) == 2
    assert psutil.wait_procs(workers, timeout=60)[1] == []
    for process in family:  # Ray's own agents take minutes to notice
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    written = sum(map(len, find_rows(Folder(str(output)))[1].values()))
    assert 0 < written < N_MANY
    dataset = extract_features(many, output=output, backbone=tiny, **ON_RAY)
    assert dataset.manifest["images_forwarded"] == N_MANY - written
    assert_complete(dataset, many_expected)


def test_bad_images_are_named_at_once(
    ray: Any, photos: list[str], tiny: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    images = [str(broken), *photos, "gone.jpg"]
    output = tmp_path / "rows"
    with pytest.raises(ImageDecodeError, match=r"gone\.jpg' \(image 72 of") as found:
        extract_features(images, output=output, backbone=tiny, **ON_RAY)
    assert sorted(found.value.failures) == [0, 71]
    with_nan = extract_features(
        images, output=output, backbone=tiny, on_bad_image="nan", **ON_RAY
    )
    assert with_nan.manifest["images_forwarded"] == 0
    assert np.isnan(with_nan.features()).any(axis=1).nonzero()[0].tolist() == [0, 71]


def test_error_of_a_worker_is_raised_as_it_is(
    ray: Any, photos: list[str], tiny: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidParameterError, match="Got image_size=2; expected at"):
        extract_features(photos, output=tmp_path, backbone=tiny, image_size=2, **ON_RAY)


def test_more_than_the_cluster_has_is_refused(
    ray: Any, photos: list[str], tiny: str, tmp_path: Path
) -> None:
    options = {**ON_RAY, "cpus_per_worker": 4096}
    with pytest.raises(InvalidParameterError, match="Got cpus_per_worker=4096; expect"):
        extract_features(photos, output=tmp_path, backbone=tiny, **options)


def test_workers_compute_in_the_threads_they_are_given(ray: Any) -> None:
    from hybridml.distributed.ray_start import worker_environment

    @ray.remote(runtime_env={"env_vars": worker_environment(1)})
    def ask() -> tuple[str, ...]:
        import torch

        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return (*(os.environ[name] for name in names), str(torch.get_num_threads()))

    assert ray.get(ask.remote()) == ("1", "1", "1")


@pytest.mark.timeout(600)
def test_photos_through_the_default_network(
    ray: Any, shared_data: Path, tmp_path: Path
) -> None:
    paths = vary_photos(shared_data / "cats_vs_dogs", tmp_path / "photos")
    expected = extracted(paths, "efficientnet_lite0", image_size=64)
    dataset = extract_features(paths, output=tmp_path / "rows", image_size=64, **ON_RAY)
    assert_complete(dataset, expected)


def vary_photos(source: Path, folder: Path) -> list[str]:
    """Cut 2,000 small JPEGs out of real photos."""
    photos = sorted(source.rglob("*.jpg"))
    if not photos:
        pytest.skip(f"there are no photos in {source}")
    folder.mkdir()
    paths = []
    for i in range(N_MANY):
        turn = i // len(photos)
        with Image.open(photos[i % len(photos)]) as photo:
            photo.draft("RGB", (128, 128))
            varied = photo.convert("RGB").resize((96 + 8 * turn, 96))
        paths.append(folder / f"{i:04}.jpg")
        varied.save(paths[-1])
    return [str(path) for path in paths]


def assert_complete(dataset: FeatureDataset, expected: Features) -> None:
    """Every image has its row, no row is there twice, and the values are the same."""
    _, parts = find_rows(Folder(dataset.path))
    digests = [digest for found in parts.values() for digest in found]
    assert len(digests) == len(set(digests)) == len(dataset) == len(expected)
    assert dataset.manifest["n_rows"] == len(expected)
    np.testing.assert_array_equal(dataset.features(), expected)


def workers_of(driver: psutil.Process) -> list[psutil.Process]:
    """Actors of a driver that compute, by the names that Ray gives to processes."""
    return [
        process
        for process in driver.children(recursive=True)
        if re.match(r"ray::Worker", "".join(name_of(process)))
    ]


def name_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def n_parts(folder: Path) -> int:
    return len(list(folder.glob("part-*"))) if folder.is_dir() else 0


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def when_parts_are_there(
    folder: Path, n_wanted: int, act: Callable[[], None]
) -> Iterator[None]:
    """Do something, in a thread, once so many parts are written."""
    errors: list[BaseException] = []

    def watch() -> None:
        try:
            wait_until(lambda: n_parts(folder) >= n_wanted)
            act()
        except BaseException as exc:
            errors.append(exc)
            raise

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield
    watcher.join()
    assert errors == []
