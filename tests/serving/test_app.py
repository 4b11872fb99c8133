from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hybridml.serving.app import make_app
from tests.models.estimators import fitted
from tests.serving.malformed import make_malformed

NAME = "case 1, linear_svm"


@pytest.fixture
def client(serve: Any) -> TestClient:
    """A client of a served model of images."""
    return TestClient(make_app(serve(NAME), "pets"))


def _row(photo: bytes) -> dict[str, str]:
    return {"image": base64.b64encode(photo).decode()}


def test_every_form_of_json_gives_the_same_answer(
    client: TestClient, photo: bytes
) -> None:
    text = _row(photo)["image"]
    forms: tuple[Any, ...] = (
        {"dataframe_split": {"columns": ["image"], "data": [[text]]}},
        {"dataframe_records": [{"image": text, "other": 1}]},
        {"instances": [{"image": text}]},
        {"instances": [text]},
        {"inputs": {"image": [text]}},
        {"inputs": [text]},
    )
    answers = [client.post("/invocations", json=form) for form in forms]
    assert [answer.status_code for answer in answers] == [200] * len(forms)
    assert len({answer.text for answer in answers}) == 1
    (row,) = answers[0].json()["predictions"]
    estimator = fitted(NAME)[0]
    assert row["label"] == estimator.predict([photo])[0]
    digits = [row[f"p_{name}"] for name in estimator.classes_]
    assert digits == estimator.predict_proba([photo])[0].tolist()


def test_one_image_may_be_sent_as_it_is(client: TestClient, photo: bytes) -> None:
    as_it_is = client.post(
        "/invocations", content=photo, headers={"content-type": "image/jpeg"}
    )
    as_json = client.post("/invocations", json={"instances": [_row(photo)]})
    assert as_it_is.json() == as_json.json()


def test_server_tells_of_itself(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok", "model": "pets"}
    assert client.get("/ping").status_code == 200
    assert "scikit-learn" in client.get("/version").json()
    told = client.get("/").json()
    assert told["classes"] == ["class0", "class1", "class2"]
    assert told["limits"]["max_rows"] == 256
    assert list(told["request"]["dataframe_records"][0]) == ["image"]


def test_errors_are_json_with_the_row_named(client: TestClient, photo: bytes) -> None:
    rows = [_row(photo), {"image": "http://127.0.0.1/cat.jpg"}]
    answer = client.post("/invocations", json={"dataframe_records": rows})
    assert answer.status_code == 400
    told = answer.json()
    assert told["error_code"] == "BAD_REQUEST"
    assert told["message"].startswith("Row 2 of 2: column 'image': expected base64")


@pytest.mark.parametrize("is_told", [True, False])
def test_requests_that_are_too_long_are_cut_off(
    serve: Any, photo: bytes, is_told: bool
) -> None:
    client = TestClient(make_app(serve(NAME, max_request_bytes=1000), "pets"))
    body = json.dumps({"instances": [_row(photo)]}).encode()
    content: Any = body if is_told else iter([body[:600], body[600:]])
    answer = client.post(
        "/invocations", content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert "at most 1,000 bytes" in answer.json()["message"]


def test_malformed_requests_get_a_4xx(client: TestClient, photo: bytes) -> None:
    for body, kind in make_malformed(160, photo):
        answer = client.post(
            "/invocations", content=body, headers={"content-type": kind}
        )
        assert 400 <= answer.status_code < 500, (body[:200], answer.text)
        assert answer.json()["message"]
    assert client.get("/health").status_code == 200


def test_paths_that_exist_are_not_opened(
    client: TestClient, photo: bytes, tmp_path: Any
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    for location in (str(path), path.as_uri()):
        answer = client.post("/invocations", json={"instances": [{"image": location}]})
        assert answer.status_code == 400


@pytest.mark.parametrize("form", ["dataframe_split", "inputs", "dataframe_records"])
def test_columns_that_nobody_asked_for_cost_nothing(
    client: TestClient, photo: bytes, form: str
) -> None:
    more = [f"c{i}" for i in range(100_000)]
    text = _row(photo)["image"]
    said: Any = {
        "dataframe_split": {
            "columns": ["image", *more],
            "data": [[text, *([0] * len(more))]],
        },
        "inputs": {"image": [text], **{name: [0] for name in more}},
        "dataframe_records": [{"image": text, **dict.fromkeys(more, 0)}],
    }[form]
    answer = client.post("/invocations", json={form: said})
    assert answer.status_code == 200


def test_rows_are_counted_before_they_are_read(client: TestClient) -> None:
    for form in ("instances", "inputs", "dataframe_records"):
        answer = client.post("/invocations", json={form: [0] * 1_000_000})
        assert answer.status_code == 400
        assert "1,000,000 rows; at most 256" in answer.json()["message"]


def test_faults_of_the_server_are_json_too(
    serve: Any, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = serve(NAME)

    def fail(table: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(model, "predict", fail)
    client = TestClient(make_app(model, "pets"), raise_server_exceptions=False)
    answer = client.post("/invocations", json={"instances": [_row(photo)]})
    assert answer.status_code == 500
    assert answer.json()["error_code"] == "INTERNAL_ERROR"
    assert "secret" not in answer.text


def test_other_methods_and_routes_are_refused(client: TestClient) -> None:
    assert client.get("/invocations").status_code == 405
    assert client.post("/", json={}).status_code == 405
    assert client.get("/docs").status_code == 404
