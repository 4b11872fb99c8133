"""Estimators as graphs: they agree, tell of themselves, or are refused by name."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from hybridml import (
    AllLayersClassifier,
    AllLayersRegressor,
    DeepFeatureExtractor,
    EarlyFusionClassifier,
    EarlyFusionRegressor,
    FineTuneClassifier,
    LateFusionClassifier,
    TransferClassifier,
    TransferRegressor,
    make_head,
    to_onnx,
)
from hybridml.exceptions import (
    DataError,
    InvalidParameterError,
    ModelError,
    PrecisionWarning,
)
from hybridml.exporting.graph import onnx, onnxruntime
from hybridml.testing import make_photos, register_tiny_backbone
from hybridml.transfer import LayerEnsembleClassifier

QUICK: dict[str, Any] = {"backbone": register_tiny_backbone(), "store": None}
X, NAMES = make_photos(24, n_classes=3)
ASKED, _ = make_photos(6, n_classes=3, side=57, seed=7)
SEVERAL = np.column_stack([NAMES == "class0", NAMES != "class1"]).astype(int)
NUMBERS = np.linspace(10, 20, len(X))


def _extractor(**options: Any) -> DeepFeatureExtractor:
    return DeepFeatureExtractor(**QUICK, **options)


def _table(images: Any, seed: int) -> pd.DataFrame:
    """Photos with numbers: some lack one, some lack all."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "photo": list(images),
            "price": 1e6 + 1e3 * rng.normal(size=len(images)),
            "grade": rng.integers(1, 4, len(images)).astype(float),
        }
    )
    frame.loc[1, "price"] = np.nan
    frame.loc[2, ["price", "grade"]] = np.nan
    return frame


def _modalities() -> list[Any]:
    return [("view", _extractor(), "photo"), ("facts", "tabular", ["price", "grade"])]


def _pipeline() -> Any:
    union = FeatureUnion(
        [
            ("early", _extractor(cut_layer="stem", pooling="gem")),
            ("late", _extractor(cut_layer=["stage1", -2], pooling="max")),
        ],
        transformer_weights={"early": 0.5},
    )
    scaled = make_pipeline(union, StandardScaler(), MinMaxScaler())
    return make_pipeline(scaled, PCA(4, whiten=True), make_head("linear_svm"))


FITTED: dict[str, Any] = {
    "case 0": lambda: TransferClassifier(case=0, **QUICK).fit(X, NAMES),
    "case 0, several": lambda: TransferClassifier(case=0, **QUICK).fit(X, SEVERAL),
    "case 1": lambda: TransferClassifier(calibrate=True, **QUICK).fit(X, NAMES),
    "case 1, numbers": lambda: TransferRegressor(**QUICK).fit(X, NUMBERS),
    "case 1, search": lambda: TransferClassifier(
        head=["logistic", "ridge"], cut_layer="all", **QUICK
    ).fit(X, np.array(NAMES == "class1") * 7),
    "case 1, ensemble": lambda: TransferClassifier(cut_layer="ensemble", **QUICK).fit(
        X, NAMES
    ),
    "case 1, ensemble of one": lambda: LayerEnsembleClassifier(
        _extractor(pooling="max"), cut_layers="stage1"
    ).fit(X, NAMES),
    "case 1, ensemble, numbers": lambda: TransferRegressor(
        cut_layer="ensemble", **QUICK
    ).fit(X, np.column_stack([NUMBERS, -NUMBERS])),
    "all layers": lambda: AllLayersClassifier(fractions=[0.3], **QUICK).fit(X, NAMES),
    "all layers, numbers": lambda: AllLayersRegressor(**QUICK).fit(X, NUMBERS),
    "case 2": lambda: TransferClassifier(case=2, epochs=1, **QUICK).fit(X, NAMES),
    "case 3, several": lambda: TransferClassifier(case=3, epochs=1, **QUICK).fit(
        X, SEVERAL
    ),
    "case 3, numbers": lambda: TransferRegressor(case=3, epochs=1, **QUICK).fit(
        X, np.column_stack([NUMBERS, -NUMBERS])
    ),
    "pipeline": lambda: _pipeline().fit(X, NAMES),
    "grey": lambda: make_pipeline(_extractor(in_channels=1), make_head("ridge")).fit(
        X, NAMES
    ),
    "early": lambda: EarlyFusionClassifier(_modalities()).fit(_table(X, 0), NAMES),
    "early, gaps are zero": lambda: EarlyFusionClassifier(
        _modalities(), head="linear_svm", missing="zero", n_components=3
    ).fit(_table(X, 0), NAMES),
    "early, several": lambda: EarlyFusionClassifier(_modalities(), head="logistic").fit(
        _table(X, 0), SEVERAL
    ),
    "early, numbers": lambda: EarlyFusionRegressor(_modalities(), head="ridge").fit(
        _table(X, 0), NUMBERS
    ),
}
QUICK_ONES = ("case 1", "case 1, ensemble", "all layers", "early")


@cache
def _fitted(name: str) -> Any:
    return FITTED[name]()


def _asked(name: str) -> Any:
    return _table(ASKED, 1) if name.startswith("early") else ASKED


@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK_ONES else pytest.param(name, marks=pytest.mark.slow)
        for name in FITTED
    ],
)
def test_graph_agrees_with_the_estimator(name: str, tmp_path: Path) -> None:
    # The function compares by itself: what it compares is tested below.
    path = to_onnx(_fitted(name), tmp_path / "model.onnx", images=_asked(name))
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    assert path == tmp_path / "model.onnx"


def test_a_batch_is_predicted_at_once(tmp_path: Path) -> None:
    model = _fitted("case 1")
    path = to_onnx(model, tmp_path / "model.onnx", images=ASKED[:1])
    said = _run(path, images=ASKED)
    assert said["label"].tolist() == model.predict(ASKED).tolist()
    np.testing.assert_allclose(
        said["probabilities"], model.predict_proba(ASKED), atol=1e-5
    )


def test_fused_rows_are_predicted_at_once_whatever_they_lack(tmp_path: Path) -> None:
    model, table = _fitted("early"), _table(ASKED, 1)
    path = to_onnx(model, tmp_path / "model.onnx", images=table)
    facts = table[["price", "grade"]].to_numpy()
    said = _run(path, view=np.stack(table["photo"]), facts=facts)
    np.testing.assert_allclose(
        said["probabilities"], model.predict_proba(table), atol=1e-5
    )


def test_file_tells_of_itself(tmp_path: Path) -> None:
    model = _fitted("case 1")
    path = to_onnx(model, tmp_path / "model.onnx", images=ASKED)
    loaded = onnx().load(path)
    told = {each.key: each.value for each in loaded.metadata_props}
    assert told["hybridml.estimator"] == "TransferClassifier"
    assert json.loads(told["hybridml.classes"]) == ["class0", "class1", "class2"]
    (network,) = json.loads(told["hybridml.networks"])
    digest = model.estimator_[0].weights_digest_
    assert (network["backbone"], network["weights_digest"]) == ("tiny", digest)
    assert network["preprocessing"]["resize"] == 36
    assert len(network["preprocessing_digest"]) == 32
    (images,) = json.loads(told["hybridml.inputs"])
    assert images["shape"] == ["n", "height", "width", 3]
    assert "exif_transpose" in images["decoding"]
    assert "torch" in json.loads(told["hybridml.versions"])
    assert [each.version for each in loaded.opset_import if not each.domain] == [18]


def test_graph_that_disagrees_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "hybridml.exporting.checking._run",
        lambda model, rows, outputs: {
            "label": np.array(["class0"] * len(rows)),
            "probabilities": np.full((len(rows), 3), 0.5),
        },
    )
    path = tmp_path / "model.onnx"
    path.write_text("what was there before")
    expected = r"on 6 image\(s\): 4 labels are others and probabilities are off by up"
    with pytest.raises(ModelError, match=expected):
        to_onnx(_fitted("case 1"), path, images=ASKED)
    assert path.read_text() == "what was there before"
    assert len(list(tmp_path.iterdir())) == 1


def test_bfloat16_is_compared_in_float32(tmp_path: Path) -> None:
    model = TransferClassifier(head="logistic", precision="bf16", **QUICK)
    model.fit(X, NAMES)
    with pytest.warns(PrecisionWarning, match="fitted on features in bf16"):
        path = to_onnx(model, tmp_path / "model.onnx", images=ASKED)
    assert model.estimator_[0].precision == "bf16"
    said = _run(path, images=ASKED)["probabilities"]
    np.testing.assert_allclose(said, model.predict_proba(ASKED), atol=0.05)


def _unsupported_modality() -> Any:
    table = _table(X, 0).assign(shop=["a", "b"] * 12)
    modalities = [_modalities()[0], ("facts", "tabular", ["price", "shop"])]
    return EarlyFusionClassifier(modalities, head="ridge").fit(table, NAMES)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TransferClassifier(**QUICK), "TransferClassifier that is not fitted"),
        (lambda: "a name", "Got a str; expected a fitted classifier"),
        (
            lambda: make_head("ridge").fit(np.eye(6), list("aabbcc")),
            "The step FlooredScaler cannot be exported .* DeepFeatureExtractor",
        ),
        (
            lambda: make_pipeline(_extractor(), SGDClassifier()).fit(X, NAMES),
            "The step SGDClassifier cannot be exported to ONNX. Supported are .*SVC",
        ),
        (
            lambda: LateFusionClassifier(_modalities()).fit(_table(X, 0), NAMES),
            "Got a LateFusionClassifier to export to ONNX; expected TransferClassifier",
        ),
        (
            lambda: FineTuneClassifier(epochs=1, test_views=2, **QUICK).fit(X, NAMES),
            r"FineTuneClassifier\(test_views=2\) cannot be exported",
        ),
        (_unsupported_modality, r"modality 'facts' .*'shop' \(category\)"),
    ],
)
def test_what_cannot_be_exported_is_refused_by_name(
    make: Any, message: str, tmp_path: Path
) -> None:
    model = make()
    asked = _table(ASKED, 1).assign(shop="a") if hasattr(model, "encoders_") else ASKED
    with pytest.raises(ModelError, match=message):
        to_onnx(model, tmp_path / "model.onnx", images=asked)
    assert list(tmp_path.iterdir()) == []


def test_images_to_check_with_are_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Got no images to check the graph with"):
        to_onnx(_fitted("case 1"), tmp_path / "model.onnx", images=[])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "gone/model.onnx"}, "Got path='gone/model.onnx'; expected a file"),
        ({"tolerance": -1}, "Got tolerance=-1; expected a number >= 0"),
    ],
)
def test_wrong_parameter_is_refused(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    given = {"path": tmp_path / "model.onnx", "images": ASKED, **options}
    with pytest.raises(InvalidParameterError, match=message):
        to_onnx(_fitted("case 1"), **given)


def _run(path: Path, **feeds: Any) -> dict[str, Any]:
    session = onnxruntime().InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))
