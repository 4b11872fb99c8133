from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from hybridml.serving.loader import PyfuncModel, as_table
from hybridml.serving.rows import RequestError

NAME = "case 1, linear_svm"


def test_every_form_that_mlflow_hands_over_gives_the_same(
    serve: Any, photo: bytes
) -> None:
    model = PyfuncModel(serve(NAME))
    text = base64.b64encode(photo)
    forms: tuple[Any, ...] = (
        pd.DataFrame({"image": [photo]}),
        pd.DataFrame({"image": [text.decode()]}),
        pd.DataFrame({"image": [text]}),
        {"image": [photo]},
        {"image": np.array([text])},
        {"image": text.decode()},
        [photo],
        np.array([text.decode()]),
    )
    answers = [model.predict(form) for form in forms]
    for answer in answers[1:]:
        pd.testing.assert_frame_equal(answer, answers[0])


def test_what_is_wrong_is_an_error_of_mlflow_with_status_400(serve: Any) -> None:
    model = PyfuncModel(serve(NAME))
    with pytest.raises(MlflowException, match="Row 1 of 1: column 'image'") as caught:
        model.predict(pd.DataFrame({"image": ["/etc/passwd"]}))
    assert caught.value.get_http_status_code() == 400


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image": [1], "other": [1, 2]}, "differ in length"),
        ("text", "expected a table"),
        (b"bytes", "expected a table"),
    ],
)
def test_what_is_no_table_is_refused(serve: Any, given: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        as_table(given, serve(NAME).manifest)
