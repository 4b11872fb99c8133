from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import skops.io
import torch

from hybridml import DeepFeatureExtractor, TransferClassifier, register_backbone
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import ModelError, PrecisionWarning
from hybridml.models.folder import read_model, write_model
from hybridml.models.manifest import NAME, digest_files
from hybridml.models.networks import fitted_extractors
from hybridml.models.stand_ins import take_out
from tests.models.estimators import QUICK, fitted, photos


def test_network_is_told_once_by_name_and_digest(tmp_path: Path) -> None:
    manifest = write_model(fitted("case 1, linear_svm")[0], tmp_path / "m")
    (told,) = manifest.networks
    assert (told["backbone"], told["weights"]) == ("tiny", "default")
    assert told["file"] is None
    assert len(told["digest"]) == 32


def test_embedded_weights_need_no_other_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator, X = fitted("case 1, linear_svm")
    expected = estimator.predict_proba(X)
    write_model(estimator, tmp_path / "with", embed_weights=True)
    write_model(estimator, tmp_path / "without")
    _forget_networks(monkeypatch)
    monkeypatch.setitem(_registered(), "tiny", _without_weights("tiny"))
    with pytest.raises(ModelError, match="Save the model with embed_weights=True"):
        read_model(tmp_path / "without")
    loaded = read_model(tmp_path / "with")
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)
    (extractor,) = fitted_extractors(loaded)
    assert Path(extractor.weights).parent == tmp_path / "with"


def test_embedded_weights_keep_their_preprocessing(tmp_path: Path) -> None:
    backbone = get_backbone("tiny")
    odd = dataclasses.replace(backbone.preprocessing, mean=(0.1, 0.2, 0.3))
    name = "tiny_odd"
    register_backbone(dataclasses.replace(backbone, name=name, preprocessing=odd))
    X, y = photos()
    model = TransferClassifier(name, store=None, head="logistic").fit(X, y)
    write_model(model, tmp_path / "m", embed_weights=True)
    loaded = read_model(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_random_weights_are_made_again_and_not_embedded(tmp_path: Path) -> None:
    X, y = photos()
    options = {**QUICK, "weights": None, "random_state": 7}
    model = TransferClassifier(**options).fit(X, y)
    manifest = write_model(model, tmp_path / "m", embed_weights=True)
    assert [told["random_state"] for told in manifest.networks] == [7]
    assert not list((tmp_path / "m").glob("weights-*"))
    loaded = read_model(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_other_weights_under_the_same_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(fitted("case 1, linear_svm")[0], tmp_path / "m")
    _forget_networks(monkeypatch)
    other = get_backbone("tiny").build(10).state_dict()
    changed = dataclasses.replace(
        get_backbone("tiny"), fetch_default_weights=lambda: other
    )
    monkeypatch.setitem(_registered(), "tiny", changed)
    with pytest.raises(ModelError, match="are not those that the model was fitted"):
        read_model(tmp_path / "m")


def test_weights_of_ones_own_are_always_embedded(tmp_path: Path) -> None:
    X, y = photos()
    path = tmp_path / "w.pth"
    torch.save(get_backbone("tiny").build(10).state_dict(), path)
    model = TransferClassifier("tiny", weights=path, store=None).fit(X, y)
    expected = model.predict(X)
    write_model(model, tmp_path / "m")
    path.unlink()
    loaded = read_model(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict(X), expected)
    write_model(loaded, tmp_path / "again")
    shutil.rmtree(tmp_path / "m")
    np.testing.assert_array_equal(read_model(tmp_path / "again").predict(X), expected)


def test_weights_that_changed_since_the_fit_are_not_embedded(tmp_path: Path) -> None:
    X, y = photos()
    path = tmp_path / "w.pth"
    torch.save(get_backbone("tiny").build(10).state_dict(), path)
    model = TransferClassifier("tiny", weights=path, store=None).fit(X, y)
    torch.save(get_backbone("tiny").build(10).state_dict(), path)
    with pytest.raises(ModelError, match="fitted with any more"):
        write_model(model, tmp_path / "m")


@pytest.mark.parametrize("place", ["http://127.0.0.1:9/w.pth", "/etc/hostname"])
def test_paths_and_addresses_that_a_file_names_are_not_opened(
    place: str, tmp_path: Path
) -> None:
    X, y = photos()
    model = TransferClassifier(**QUICK).fit(X, y)
    (extractor,) = fitted_extractors(model)
    write_model(model, tmp_path / "m")
    extractor.weights = place  # as somebody may write it into the file
    data = skops.io.dumps(take_out(model, {}))
    (tmp_path / "m" / "estimator.skops").write_bytes(data)
    said = json.loads((tmp_path / "m" / NAME).read_text())
    said["files"] = digest_files(tmp_path / "m")
    (tmp_path / "m" / NAME).write_text(json.dumps(said))
    with pytest.raises(ModelError, match="that a model names are not opened"):
        read_model(tmp_path / "m")


def test_store_that_a_file_names_is_not_used(tmp_path: Path) -> None:
    model = TransferClassifier(**QUICK).fit(*photos())
    packed = take_out(model, {})
    packed.estimator_.steps[0][1].store = str(tmp_path / "theirs")
    write_model(model, tmp_path / "m")
    (tmp_path / "m" / "estimator.skops").write_bytes(skops.io.dumps(packed))
    said = json.loads((tmp_path / "m" / NAME).read_text())
    said["files"] = digest_files(tmp_path / "m")
    (tmp_path / "m" / NAME).write_text(json.dumps(said))
    (extractor,) = fitted_extractors(read_model(tmp_path / "m"))
    assert extractor.store == "default"


def test_another_precision_is_warned_about(tmp_path: Path) -> None:
    X, y = photos()
    model = TransferClassifier(**QUICK, precision="fp32").fit(X, y)
    (extractor,) = fitted_extractors(model)
    extractor.precision_ = "bf16"  # as if it had been fitted elsewhere
    write_model(model, tmp_path / "m")
    with pytest.warns(PrecisionWarning, match="fitted on features in bf16"):
        read_model(tmp_path / "m")


def test_device_that_is_not_here_becomes_auto(tmp_path: Path) -> None:
    X, y = photos()
    model = TransferClassifier(**QUICK).fit(X, y)
    (extractor,) = fitted_extractors(model)
    extractor.device = "cuda:63"
    write_model(model, tmp_path / "m")
    (found,) = fitted_extractors(read_model(tmp_path / "m"))
    assert found.device == "auto"


def test_moved_weights_are_still_checked(tmp_path: Path) -> None:
    from hybridml.exceptions import WeightsError

    X, _ = photos()
    extractor = DeepFeatureExtractor(**QUICK).fit(X)
    path = tmp_path / "other.pth"
    torch.save(get_backbone("tiny").build(10).state_dict(), path)
    extractor.move_weights(path)
    with pytest.raises(WeightsError, match="not those it was fitted with"):
        extractor.transform(X)


def _registered() -> dict[str, object]:
    from hybridml.backbones import registry

    return registry._registered


def _without_weights(name: str) -> object:
    def fetch() -> dict[str, torch.Tensor]:
        raise OSError("no network here")

    return dataclasses.replace(get_backbone(name), fetch_default_weights=fetch)


def _forget_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    from collections import OrderedDict

    from hybridml.backbones import loading

    monkeypatch.setattr(loading, "_networks", OrderedDict())
