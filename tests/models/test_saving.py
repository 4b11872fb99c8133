from __future__ import annotations

import json
import shutil
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from hybridml import load_model, save_model
from hybridml.exceptions import InvalidParameterError, ModelError
from hybridml.models.manifest import NAME
from hybridml.models.signature import grey_square
from hybridml.serving.loader import _load_pyfunc
from tests.models.estimators import fitted, table


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of images; tests that change it work on a copy."""
    folder = tmp_path_factory.mktemp("models") / "pets"
    return save_model(fitted("case 1, linear_svm")[0], folder)


@pytest.fixture
def own(saved: Path, tmp_path: Path) -> Path:
    """A copy of the model to tamper with."""
    return Path(shutil.copytree(saved, tmp_path / "own"))


def test_model_is_one_of_mlflows_too(saved: Path) -> None:
    described = Model.load(saved)
    assert set(described.flavors) == {"hybridml", "python_function"}
    assert described.signature.inputs.input_names() == ["image"]
    assert described.signature.outputs.input_names() == [
        "label",
        "p_class0",
        "p_class1",
        "p_class2",
    ]
    assert "skops==" in (saved / "requirements.txt").read_text()


def test_mlflow_loads_it_and_predicts_as_we_do(saved: Path) -> None:
    estimator = load_model(saved)
    image = grey_square()
    answer = mlflow.pyfunc.load_model(str(saved)).predict(
        pd.DataFrame({"image": [image, image]})
    )
    assert answer["label"].tolist() == estimator.predict([image, image]).tolist()
    np.testing.assert_array_equal(
        answer.iloc[:, 1:].to_numpy(), estimator.predict_proba([image, image])
    )


def test_limits_can_be_set_where_mlflow_loads_it(saved: Path) -> None:
    model = mlflow.pyfunc.load_model(str(saved), model_config={"max_rows": 1})
    with pytest.raises(MlflowException, match="at most 1 are taken"):
        model.predict(pd.DataFrame({"image": [grey_square()] * 2}))
    with pytest.raises(InvalidParameterError, match="Did you mean 'max_rows'"):
        _load_pyfunc(str(saved / "data" / "hybridml"), {"max_row": 1})


def test_input_example_is_kept_as_a_server_takes_it(saved: Path) -> None:
    example = json.loads((saved / "serving_input_example.json").read_text())
    (cell,) = example["dataframe_split"]["data"][0]
    assert isinstance(cell, str)
    model = mlflow.pyfunc.load_model(str(saved))
    assert len(model.predict(pd.DataFrame({"image": [cell]}))) == 1


@pytest.mark.slow
def test_fusion_is_served_with_all_its_columns(tmp_path: Path) -> None:
    estimator, X = fitted("late, weighted")
    path = save_model(estimator, tmp_path / "m", input_example=X.head(2))
    model = mlflow.pyfunc.load_model(str(path))
    answer = model.predict(_encoded(X))
    assert answer["label"].tolist() == estimator.predict(X).tolist()


def test_nothing_is_overwritten(saved: Path) -> None:
    with pytest.raises(InvalidParameterError, match="a folder that is not there yet"):
        save_model(fitted("case 1, linear_svm")[0], saved)


def test_a_save_that_fails_leaves_nothing(tmp_path: Path) -> None:
    from hybridml import TransferClassifier

    with pytest.raises(ModelError):
        save_model(TransferClassifier(), tmp_path / "new" / "m")
    assert not list((tmp_path / "new").iterdir())


def test_changed_manifest_is_refused(own: Path) -> None:
    path = own / "data" / "hybridml" / NAME
    path.write_text(path.read_text().replace("class0", "class9"))
    with pytest.raises(ModelError, match=f"{NAME} was changed"):
        load_model(own)


def test_lost_manifest_is_named(own: Path) -> None:
    (own / "data" / "hybridml" / NAME).unlink()
    with pytest.raises(ModelError, match=f"has lost its file {NAME}"):
        load_model(own)


@pytest.mark.parametrize("text", ["", "flavors: 3", "a: [", "flavors: {hybridml: 1}"])
def test_description_without_our_flavour_is_no_model(own: Path, text: str) -> None:
    (own / "MLmodel").write_text(text)
    with pytest.raises(ModelError, match="expected a folder of save_model"):
        load_model(own)


def test_description_cannot_lead_elsewhere(own: Path, tmp_path: Path) -> None:
    told = yaml.safe_load((own / "MLmodel").read_text())
    told["flavors"]["hybridml"]["data"] = "../elsewhere"
    shutil.copytree(own / "data" / "hybridml", tmp_path / "elsewhere")
    (own / "MLmodel").write_text(yaml.safe_dump(told))
    with pytest.raises(ModelError, match="has lost its file"):
        load_model(own)


def _encoded(X: pd.DataFrame) -> pd.DataFrame:
    from hybridml.models.manifest import Manifest
    from hybridml.models.signature import make_example

    inputs = [
        {"name": "photo", "kind": "image"},
        *({"name": n, "kind": "value"} for n in table().columns[1:]),
    ]
    manifest = Manifest("", "classification", [], inputs, True, [])
    found = make_example(manifest, X)
    assert found is not None
    assert len(found) == len(table())
    return found
