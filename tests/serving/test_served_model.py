from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hybridml.models.folder import read_model, write_model
from hybridml.models.limits import Limits
from hybridml.models.manifest import Manifest
from hybridml.serving.rows import RequestError, check_rows
from hybridml.serving.served_model import ServedModel, predict_once
from tests.models.estimators import MAKERS, QUICK_ONES, fitted
from tests.serving.malformed import make_bomb

NAMES = [
    name if name in QUICK_ONES else pytest.param(name, marks=pytest.mark.slow)
    for name in MAKERS
]


@pytest.mark.parametrize("name", NAMES)
def test_one_pass_says_what_predict_and_predict_proba_say(name: str) -> None:
    estimator, X = fitted(name)
    predicted, proba = predict_once(estimator, X)
    np.testing.assert_array_equal(predicted, estimator.predict(X))
    if hasattr(estimator, "predict_proba"):
        np.testing.assert_array_equal(proba, estimator.predict_proba(X))
    else:
        assert proba is None


def test_bytes_and_base64_give_the_same(serve: Any, photo: bytes) -> None:
    model = serve("case 1, linear_svm")
    text = base64.b64encode(photo).decode()
    found = model.predict(pd.DataFrame({"image": [photo, text]}))
    assert list(found) == ["label", "p_class0", "p_class1", "p_class2"]
    assert found.iloc[0].tolist() == found.iloc[1].tolist()
    expected = fitted("case 1, linear_svm")[0].predict_proba([photo] * 2)
    assert found.iloc[:, 1:].to_numpy().tolist() == expected.tolist()


def test_numbers_and_several_labels_have_columns_of_their_own(
    serve: Any, photo: bytes
) -> None:
    table = pd.DataFrame({"image": [photo]})
    assert list(serve("numbers, ridge").predict(table)) == ["prediction"]
    several = serve("several labels, case 1").predict(table)
    assert list(several) == ["label_0", "label_1", "p_0", "p_1"]


def test_nothing_of_a_request_is_stored(
    serve: Any, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hybridml.features import store

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a store was opened")

    model = serve("case 1, linear_svm")
    monkeypatch.setattr(store.FeatureStore, "__init__", refuse)
    model.predict(pd.DataFrame({"image": [photo]}))


def test_bad_rows_are_named_and_counted(serve: Any, photo: bytes) -> None:
    model = serve("case 1, linear_svm")
    cut, bomb = photo[: len(photo) // 2], make_bomb()
    rows = [photo, b"no image", cut, "/etc/passwd", 7, None, bomb, b"", photo]
    with pytest.raises(RequestError) as caught:
        model.predict(pd.DataFrame({"image": rows}))
    said = str(caught.value)
    for row, reason in (
        (2, "no image that Pillow can read"),
        (4, "paths and URLs are not opened"),
        (5, "expected image bytes as base64 text"),
        (7, "30,000 x 30,000 pixels; at most 50,000,000 are taken"),
        (8, "the file is empty"),
    ):
        assert f"Row {row} of 9: column 'image': " in said
        assert reason in said
    with pytest.raises(RequestError, match=r"^Row 2 of 3: .*truncated"):
        model.predict(pd.DataFrame({"image": [photo, cut, photo]}))
    with pytest.raises(RequestError, match="Row 1 of 2: the image is missing"):
        model.predict(pd.DataFrame({"image": [None, photo]}))


def test_limits_are_kept(serve: Any, photo: bytes) -> None:
    table = pd.DataFrame({"image": [photo] * 3})
    for limits, message in (
        ({"max_rows": 2}, "has 3 rows; at most 2"),
        ({"max_file_bytes": 100}, "at most 100 are taken"),
        ({"max_pixels": 3000}, "64 x 48 pixels; at most 3,000 are taken"),
    ):
        with pytest.raises(RequestError, match=message):
            serve("case 1, linear_svm", **limits).predict(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"image": []}), "has no rows"),
        (pd.DataFrame({"picture": ["x"]}), "lacks the columns 'image'; it has 'pict"),
    ],
)
def test_tables_that_do_not_fit_are_refused(
    serve: Any, table: pd.DataFrame, message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        serve("case 1, linear_svm").predict(table)


@pytest.mark.slow
def test_text_is_no_path_wherever_the_extractor_stands(
    serve: Any, photo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    model = serve("early, union")
    row = {"price": 1.0, "shop": "a", "seen": None, "sold": None, "open": None}
    assert len(model.predict(pd.DataFrame([{**row, "photo": photo}]))) == 1
    with pytest.raises(RequestError, match="paths and URLs are not opened"):
        model.predict(pd.DataFrame([{**row, "photo": str(path)}]))


def test_what_the_manifest_says_of_inputs_is_not_believed(
    serve: Any, photo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    model = serve("case 1, linear_svm")
    told = replace(model.manifest, inputs=[{"name": "image", "kind": "value"}])
    again = ServedModel(fitted("case 1, logistic")[0], told)
    with pytest.raises(RequestError, match="paths and URLs are not opened"):
        again.predict(pd.DataFrame({"image": [str(path)]}))


def test_numbers_beyond_all_bounds_are_refused_and_gaps_are_not(serve: Any) -> None:
    inputs = [{"name": "price", "kind": "value"}]
    limits = Limits()
    with pytest.raises(RequestError, match="the number is too large"):
        check_rows(pd.DataFrame({"price": [10**400]}), inputs, limits)
    gaps: list[Any] = [None, pd.NA, pd.NaT, float("nan"), np.float64("nan")]
    found = check_rows(
        pd.DataFrame({"price": pd.Series(gaps, dtype=object)}), inputs, limits
    )
    assert found["price"].isna().all()
    dates = pd.Series([pd.Timestamp("2020-01-01"), pd.Timedelta("1h")], dtype=object)
    assert len(check_rows(pd.DataFrame({"price": dates}), inputs, limits)) == 2


def test_formats_whose_headers_may_lie_are_refused(serve: Any) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "ICO")
    with pytest.raises(RequestError, match="its format ICO is not taken; send JPEG"):
        serve("case 1, linear_svm").predict(
            pd.DataFrame({"image": [stream.getvalue()]})
        )


@pytest.mark.slow
def test_fusion_takes_gaps_but_no_broken_images(serve: Any, photo: bytes) -> None:
    model = serve("late, weighted")
    row = {"photo": photo, "text": "red shoe", "price": 1.5, "shop": "a"}
    row |= {"seen": "2021-05-01T00:00:00Z", "sold": "2021-05-01", "open": "2h"}
    gaps = {"photo": None, "text": None, "price": float("nan"), "shop": "b"}
    gaps |= {"seen": None, "sold": None, "open": None}
    assert len(model.predict(pd.DataFrame([row, gaps]))) == 2
    broken = {**row, "photo": photo[: len(photo) // 2]}
    with pytest.raises(RequestError, match=r"Row 2 of 2: column 'photo': .*truncated"):
        model.predict(pd.DataFrame([row, broken]))
    odd = {**row, "price": [1, 2]}
    with pytest.raises(RequestError, match="Row 1 of 1: column 'price': expected text"):
        model.predict(pd.DataFrame([odd]))


def test_fused_model_decides_the_same(folders: dict[str, Path], photo: bytes) -> None:
    folder = folders[""] / "fused"
    estimator = fitted("case 1, linear_svm")[0]
    write_model(estimator, folder)
    model = ServedModel(read_model(folder), Manifest.read(folder), fused=True)
    found = model.predict(pd.DataFrame({"image": [photo] * 2}))
    assert found["label"].tolist() == estimator.predict([photo] * 2).tolist()
    # A module does not pad few images to a chunk: last bits differ.
    expected = estimator.predict_proba([photo] * 2)
    assert np.allclose(found.iloc[:, 1:].to_numpy(), expected, rtol=0, atol=1e-6)


def test_what_cannot_be_fused_answers_as_it_is(serve: Any, photo: bytes) -> None:
    served = serve("case 1, rbf_svm")
    served._is_fused = True
    found = served.predict(pd.DataFrame({"image": [photo]}))
    expected = fitted("case 1, rbf_svm")[0].predict([photo])
    assert found["label"].tolist() == expected.tolist()
