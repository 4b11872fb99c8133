"""A worker's block: what is read is what is computed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from hybridml.distributed import reading
from hybridml.distributed.folder import Folder
from hybridml.distributed.parts import read_digests
from hybridml.distributed.settings import Settings
from hybridml.distributed.worker import Worker
from hybridml.images.digest import digest_image


@pytest.fixture
def worker(tiny: str, tmp_path: Path) -> Worker:
    settings = Settings(
        backbone=tiny,
        cut_layer="penultimate",
        pooling="mean",
        weights="default",
        image_size=None,
        in_channels=3,
        device="cpu",
        precision="fp32",
        random_state=0,
        declared=None,
        n_threads=1,
        output=str(tmp_path / "rows"),
    )
    return Worker(settings)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "grey.png"
    Image.new("RGB", (40, 40), "grey").save(path)
    return path


def test_row_belongs_to_what_was_read_though_the_file_changed(
    worker: Worker, image: Path
) -> None:
    digest = digest_image(str(image))
    assert worker.read(0, [str(image)]).digests == [digest]
    image.write_bytes(b"something else")
    outcome = worker.compute(0, [0])
    assert (outcome.digests, outcome.failures) == ([digest], {})
    folder = Folder(worker.settings.output)
    (name,) = folder.names()
    assert read_digests(folder, name)[1] == [digest]
    assert outcome.n_bytes == (Path(worker.settings.output) / name).stat().st_size


def test_what_was_too_much_to_keep_is_read_again(
    worker: Worker, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "N_BYTES_HELD", 0)
    digest = digest_image(str(image))
    worker.read(0, [str(image)])
    worker.read(1, [str(image)])
    assert worker.compute(0, [0]).digests == [digest]
    image.write_bytes(b"something else")
    outcome = worker.compute(1, [0])
    assert outcome.digests == []
    assert outcome.failures == {0: "it was changed while it was read"}


def test_forgotten_block_is_not_kept(worker: Worker, image: Path) -> None:
    worker.read(0, [str(image)])
    worker.forget(0)
    worker.forget(0)
    with pytest.raises(KeyError):
        worker.compute(0, [0])
