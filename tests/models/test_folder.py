from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from hybridml import DeepFeatureExtractor, TransferClassifier
from hybridml.exceptions import ModelError
from hybridml.models.folder import read_model, write_model
from hybridml.models.manifest import NAME
from hybridml.models.stand_ins import take_out
from hybridml.models.trusted import TRUSTED
from tests.models.estimators import (
    MAKERS,
    QUICK,
    QUICK_ONES,
    fitted,
    outputs,
    photos,
)

SLOW_ONES = [
    name if name in QUICK_ONES else pytest.param(name, marks=pytest.mark.slow)
    for name in MAKERS
]
FOREST = "sklearn.tree._tree.Tree"


@pytest.mark.parametrize("name", SLOW_ONES)
def test_loaded_predicts_the_same_bits(name: str, tmp_path: Path) -> None:
    estimator, X = fitted(name)
    write_model(estimator, tmp_path / "m")
    loaded = read_model(tmp_path / "m")
    assert type(loaded) is type(estimator)
    for ours, theirs in zip(outputs(estimator, X), outputs(loaded, X), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    assert vars(loaded).keys() == vars(estimator).keys()


@pytest.mark.slow
def test_list_of_trusted_types_holds_what_is_needed_and_no_more() -> None:
    needed: set[str] = set()
    for name in MAKERS:
        data = skops.io.dumps(take_out(fitted(name)[0], {}))
        needed |= set(skops.io.get_untrusted_types(data=data))
    assert needed == set(TRUSTED)


def test_no_file_is_a_pickle(tmp_path: Path) -> None:
    write_model(fitted("case 1, xgboost")[0], tmp_path / "m", embed_weights=True)
    names = {path.suffix for path in (tmp_path / "m").iterdir()}
    assert names == {".json", ".skops", ".safetensors"}


def test_saving_changes_nothing_of_the_estimator(tmp_path: Path) -> None:
    estimator, X = fitted("case 2")
    before = outputs(estimator, X)[0]
    inner, attributes = estimator.estimator_, dict(vars(estimator.estimator_))
    write_model(estimator, tmp_path / "m")
    assert estimator.estimator_ is inner
    assert all(vars(inner)[name] is value for name, value in attributes.items())
    np.testing.assert_array_equal(outputs(estimator, X)[0], before)


@pytest.mark.parametrize("what", ["changed", "missing", "added", "cut"])
def test_tampered_files_are_refused_by_name(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    write_model(fitted("case 2")[0], folder)
    (weights,) = folder.glob("tuned-*")
    if what == "changed":
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
    elif what == "missing":
        weights.unlink()
    elif what == "cut":
        weights.write_bytes(weights.read_bytes()[:-10])
    else:
        weights = folder / "extra.pkl"
        weights.write_bytes(b"")
    with pytest.raises(ModelError, match=f"not what was saved: {weights.name}"):
        read_model(folder)


def test_types_that_are_not_trusted_are_not_loaded_whatever_digests_say(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "m"
    manifest = write_model(fitted("case 1, linear_svm")[0], folder)
    skops.io.dump(Unknown(), folder / "estimator.skops")
    _sign_again(folder)
    Unknown.n_made = 0
    with pytest.raises(ModelError, match=r"not trusted: .*Unknown"):
        read_model(folder)
    assert Unknown.n_made == 0
    assert manifest.trusted == []


def test_manifest_of_another_format_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    write_model(fitted("case 1, linear_svm")[0], folder)
    said = json.loads((folder / NAME).read_text())
    (folder / NAME).write_text(json.dumps({**said, "format": 99}))
    with pytest.raises(ModelError, match="it has format 99, of hybridml"):
        read_model(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 1}', "\ud83d"])
def test_manifest_that_is_none_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ModelError, match="Cannot load a model from"):
        read_model(tmp_path)


def test_foreign_types_need_to_be_trusted_twice(tmp_path: Path) -> None:
    X, y = photos()
    forest = RandomForestClassifier(3, random_state=0)
    estimator = make_pipeline(DeepFeatureExtractor(**QUICK), forest).fit(X, y)
    with pytest.raises(ModelError, match=f"not trusted: {FOREST}. Pass trusted="):
        write_model(estimator, tmp_path / "m")
    assert not (tmp_path / "m").exists()
    manifest = write_model(estimator, tmp_path / "m", trusted=[FOREST])
    assert manifest.trusted == [FOREST]
    with pytest.raises(ModelError, match=f"pass trusted=\\['{FOREST}'\\]"):
        read_model(tmp_path / "m")
    loaded = read_model(tmp_path / "m", trusted=[FOREST])
    np.testing.assert_array_equal(loaded.predict(X), estimator.predict(X))


def test_unfitted_and_unsuitable_estimators_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not fitted; call fit first"):
        write_model(TransferClassifier(**QUICK), tmp_path / "m")
    with pytest.raises(ModelError, match="expected a fitted classifier or regressor"):
        write_model(DeepFeatureExtractor(**QUICK), tmp_path / "m")
    forest = RandomForestClassifier(2).fit([[0], [1]], [0, 1])
    with pytest.raises(ModelError, match="takes neither images nor a table"):
        write_model(forest, tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_network_of_ones_own_is_refused(tmp_path: Path) -> None:
    from torch import nn

    X, y = photos()
    own = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model = make_pipeline(
        DeepFeatureExtractor(own, cut_layer="2", image_size=32, store=None),
        RandomForestClassifier(2),
    )
    with pytest.raises(ModelError, match="expected a network by name"):
        write_model(model.fit(X, y), tmp_path / "m")


@pytest.mark.parametrize(
    "changed",
    [
        {"files": []},
        {"versions": 3},
        {"inputs": []},
        {"files": {}},
        {"networks": [{"file": "/etc/passwd"}]},
    ],
    ids=str,
)
def test_manifest_that_does_not_hang_together_is_refused(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    write_model(fitted("case 1, linear_svm")[0], tmp_path / "m")
    said = json.loads((tmp_path / "m" / NAME).read_text())
    (tmp_path / "m" / NAME).write_text(json.dumps({**said, **changed}))
    with pytest.raises(ModelError, match="Cannot load a model from"):
        read_model(tmp_path / "m")


def test_store_and_watchers_of_the_fit_are_left_out(tmp_path: Path) -> None:
    X, y = photos()
    options = {**QUICK, "store": tmp_path / "store"}
    model = TransferClassifier(**options).fit(X, y)
    write_model(model, tmp_path / "m")
    shutil.rmtree(tmp_path / "store")
    assert read_model(tmp_path / "m").store == "default"


class Unknown(TransformerMixin, BaseEstimator):
    """Counts how often it was made."""

    n_made = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        Unknown.n_made += 1


def _sign_again(folder: Path) -> None:
    """Write the digests that the files have now, as a forger would."""
    from hybridml.models.manifest import digest_files

    said = json.loads((folder / NAME).read_text())
    said["files"] = digest_files(folder)
    (folder / NAME).write_text(json.dumps(said))
