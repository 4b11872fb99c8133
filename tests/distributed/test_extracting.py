"""Extraction into a dataset, without Ray: values, resuming, bad images, refusals."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from hybridml import (
    DeepFeatureExtractor,
    FeatureDataset,
    FeatureStore,
    extract_features,
)
from hybridml.backbones.counting import images_forwarded
from hybridml.exceptions import (
    DataError,
    ImageDecodeError,
    InvalidParameterError,
    StoreWarning,
    UnknownBackboneError,
    UnknownCutLayerError,
    UnknownNameError,
)
from tests.distributed.conftest import extracted

Features = npt.NDArray[np.float32]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "rows"


def run(images: Any, output: object, tiny: str, **options: Any) -> FeatureDataset:
    given = {"backbone": tiny, "precision": "fp32", **options}
    return extract_features(images, output=output, **given)


def test_features_are_those_of_the_extractor(
    photos: list[str], expected: Features, output: Path, tiny: str
) -> None:
    dataset = run(photos, output, tiny)
    assert len(dataset) == len(photos)
    np.testing.assert_array_equal(dataset.features(), expected)
    np.testing.assert_array_equal(
        dataset.features(["logits", "stem"]),
        extracted(photos, tiny, ["logits", "stem"]),
    )


def test_extractor_with_the_rows_in_its_store_computes_nothing(
    photos: list[str], expected: Features, output: Path, tiny: str, tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path / "store")
    assert run(photos, output, tiny).copy_to(store) == len(photos)
    before = images_forwarded()
    extractor = DeepFeatureExtractor(
        tiny, device="cpu", precision="fp32", store=store, cut_layer="stem"
    )
    extractor.transform(photos)
    found = extractor.set_params(cut_layer="penultimate").transform(photos)
    assert images_forwarded() == before
    np.testing.assert_array_equal(found, expected)


def test_other_tools_read_the_folder(
    photos: list[str], expected: Features, output: Path, tiny: str
) -> None:
    run(photos, output, tiny)
    table = pd.read_parquet(output).set_index("image").loc[photos]
    np.testing.assert_array_equal(np.stack(table["penultimate"]), expected)


def test_second_call_computes_only_what_is_new(
    photos: list[str], expected: Features, output: Path, tiny: str
) -> None:
    first = run(photos[:30], output, tiny)
    assert first.manifest["images_forwarded"] == 30
    before = images_forwarded()
    second = run(photos, output, tiny)
    n_new = len(photos) - 30
    assert second.manifest["images_forwarded"] == n_new
    assert images_forwarded() - before == n_new
    np.testing.assert_array_equal(second.features(), expected)
    assert run(photos, output, tiny).manifest["images_forwarded"] == 0


def test_interrupted_call_is_gone_on_with(
    photos: list[str],
    expected: Features,
    output: Path,
    tiny: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("hybridml.distributed.extracting.image_progress", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(photos, output, tiny)
    with pytest.raises(DataError, match=r"expected a finished dataset.*running it ag"):
        FeatureDataset(output)
    dataset = run(photos, output, tiny)
    assert dataset.manifest["images_forwarded"] == len(photos) - 64
    np.testing.assert_array_equal(dataset.features(), expected)


def test_equal_images_have_one_row(
    photos: list[str], expected: Features, output: Path, tiny: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.jpg"
    shutil.copy(photos[0], copy)
    dataset = run([*photos, photos[3], str(copy)], output, tiny)
    assert dataset.manifest["n_rows"] == len(photos)
    assert dataset.manifest["images_forwarded"] == len(photos)
    every = [*range(len(photos)), 3, 0]
    np.testing.assert_array_equal(dataset.features(), expected[every])


def test_images_in_memory_are_taken(output: Path, tiny: str) -> None:
    X = np.random.default_rng(0).integers(0, 255, (5, 40, 40, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        run(X, output, tiny).features(), extracted(list(X), tiny)
    )


def test_paths_may_be_relative(
    photos: list[str],
    expected: Features,
    tiny: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(Path(photos[0]).parent)
    names = [Path(path).name for path in photos[:3]]
    dataset = run(names, tmp_path / "rows", tiny)
    assert list(dataset.images()["image"]) == names
    np.testing.assert_array_equal(dataset.features(), expected[:3])


def test_url_holds_the_same_dataset(
    photos: list[str], expected: Features, tiny: str
) -> None:
    pytest.importorskip("fsspec", reason="URLs need fsspec")
    url = "memory://of-a-test/rows"
    assert run(photos, url, tiny).manifest["bytes_written"] > 0
    assert run(photos, url, tiny).manifest["images_forwarded"] == 0
    np.testing.assert_array_equal(FeatureDataset(url).features(), expected)


def test_bad_images_are_named_at_once_and_the_others_kept(
    photos: list[str], output: Path, tiny: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(Path(photos[0]).read_bytes()[:300])
    images = [*photos[:3], str(broken), "gone.jpg", str(broken)]
    with pytest.raises(ImageDecodeError, match=r"gone\.jpg") as raised:
        run(images, output, tiny)
    assert sorted(raised.value.failures) == [3, 4, 5]
    with pytest.raises(ImageDecodeError) as known:
        DeepFeatureExtractor(tiny, store=None).transform(images)
    assert str(raised.value) == str(known.value)
    assert len(list(output.glob("part-*"))) == 1
    assert run(photos[:3], output, tiny).manifest["images_forwarded"] == 0


def test_bad_images_become_nan(
    photos: list[str], expected: Features, output: Path, tiny: str
) -> None:
    images = [photos[0], "gone.jpg", photos[1]]
    dataset = run(images, output, tiny, on_bad_image="nan")
    features = dataset.features()
    np.testing.assert_array_equal(features[[0, 2]], expected[:2])
    assert np.isnan(features[1]).all()
    assert dataset.manifest["n_bad_images"] == 1
    problems = dataset.images()["problem"]
    assert problems[1] == "there is no such file"
    assert problems.notna().sum() == 1


def test_dataset_of_bad_images_alone_is_nan(output: Path, tiny: str) -> None:
    features = run(["gone.jpg"], output, tiny, on_bad_image="nan").features()
    assert features.shape == (1, 16)
    assert np.isnan(features).all()


def test_another_configuration_is_refused_by_name(
    photos: list[str], output: Path, tiny: str
) -> None:
    run(photos[:2], output, tiny)
    said = (
        r"Got pooling='max' \(there 'mean'\); expected what .*rows' was computed with"
    )
    with pytest.raises(InvalidParameterError, match=said):
        run(photos[:2], output, tiny, pooling="max")


def test_damaged_part_is_computed_again(
    photos: list[str], expected: Features, output: Path, tiny: str
) -> None:
    run(photos, output, tiny)
    part = sorted(output.glob("part-*"))[0]
    content = part.read_bytes()
    part.write_bytes(content[: len(content) // 2])
    with pytest.warns(StoreWarning, match=rf"{part.name}' in .* is damaged"):
        dataset = run(photos, output, tiny)
    assert 0 < dataset.manifest["images_forwarded"] < len(photos)
    np.testing.assert_array_equal(dataset.features(), expected)


def test_two_at_once_are_refused(photos: list[str], output: Path, tiny: str) -> None:
    from hybridml.distributed.folder import Folder

    with (
        Folder(str(output)).for_one_writer(),
        pytest.raises(DataError, match="Another extraction is writing"),
    ):
        run(photos, output, tiny)


def test_no_images_are_refused(output: Path, tiny: str) -> None:
    with pytest.raises(DataError, match="images is empty"):
        run([], output, tiny)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"engine": "spark"}, UnknownNameError, "Got engine='spark'; expected 'local'"),
        ({"address": "a:1"}, InvalidParameterError, "Got address='a:1'"),
        ({"n_workers": 0}, InvalidParameterError, "Got n_workers=0"),
        ({"cpus_per_worker": 0.5}, InvalidParameterError, "Got cpus_per_worker=0.5"),
        ({"gpus_per_worker": 1}, InvalidParameterError, "0 with engine='local'"),
        ({"gpus_per_worker": 1.5}, InvalidParameterError, "or a share below 1"),
        ({"on_bad_image": "skip"}, InvalidParameterError, "on_bad_image='skip'"),
        ({"backbone": "tinny"}, UnknownBackboneError, "Got backbone='tinny'"),
        ({"cut_layer": "roof"}, UnknownCutLayerError, "roof"),
    ],
)
def test_wrong_parameter_is_named_before_anything_is_read(
    options: dict[str, Any],
    error: type[Exception],
    said: str,
    photos: list[str],
    output: Path,
    tiny: str,
) -> None:
    with pytest.raises(error, match=re.escape(said)):
        run(photos, output, tiny, **options)
    assert not list(output.glob("part-*"))


@pytest.mark.slow
def test_ray_is_not_imported_without_asking(photos: list[str], output: Path) -> None:
    code = f"""if True:
        import sys, hybridml
        from hybridml.testing import register_tiny_backbone
        name = register_tiny_backbone()
        hybridml.DeepFeatureExtractor(name, store=None).transform({photos[:2]!r})
        hybridml.extract_features({photos[:2]!r}, output={str(output)!r}, backbone=name)
        sys.exit("ray" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
    assert (output / "_manifest.json").exists()


class _Interrupted:
    def __enter__(self) -> Any:
        def stop(n_images: int) -> None:
            raise KeyboardInterrupt

        return stop

    def __exit__(self, *exc_info: object) -> None:
        pass


def _interrupt(n_images: int, what: str, *, shown: bool) -> _Interrupted:
    return _Interrupted()
