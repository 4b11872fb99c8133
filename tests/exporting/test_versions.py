"""Steps of other versions are refused while they are loaded, or when they can tell."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import DataError, ModelError
from hybridml.exporting.versions import check_versions, load_of_this_version
from hybridml.heads.xgboost_head import XGBoostClassifier

X, Y = np.eye(6), list("aabbcc")


def _pickled(monkeypatch: pytest.MonkeyPatch, saved_by: str) -> bytes:
    head = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline = make_pipeline(StandardScaler(), head).fit(X, Y)
    with monkeypatch.context() as then:
        then.setattr("sklearn.base.__version__", saved_by)
        return pickle.dumps(pipeline)


def test_all_steps_of_another_scikit_learn_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = _pickled(monkeypatch, "1.5.2")
    message = (
        rf"^Cannot export steps of scikit-learn 1\.5\.2 while {sklearn.__version__} is "
        r"installed, which may read them differently: StandardScaler \(step "
        r"'standardscaler'\), LogisticRegression \(step "
        r"'logisticregression'\)\. Fit the model again, or run: pip install "
        r"scikit-learn==1\.5\.2$"
    )
    with pytest.raises(ModelError, match=message):
        load_of_this_version(lambda: pickle.loads(saved))


def test_what_this_scikit_learn_has_saved_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = _pickled(monkeypatch, sklearn.__version__)
    loaded = load_of_this_version(lambda: pickle.loads(saved))
    assert loaded.predict(X).tolist() == Y


def test_files_that_cannot_be_loaded_are_of_another_version_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = _pickled(monkeypatch, "1.5.2")

    def load() -> Any:
        pickle.loads(saved)
        raise DataError("Got something else.")

    message = (
        r"steps of scikit-learn 1\.5\.2 .*: StandardScaler, LogisticRegression\. F"
    )
    with pytest.raises(ModelError, match=message) as caught:
        load_of_this_version(load)
    assert isinstance(caught.value.__cause__, DataError)


def test_other_errors_and_warnings_pass() -> None:
    def fail() -> Any:
        raise DataError("Got something else.")

    def warn() -> str:
        warnings.warn("Something else.", RuntimeWarning, stacklevel=1)
        return "loaded"

    with pytest.raises(DataError, match="Got something else"):
        load_of_this_version(fail)
    with pytest.warns(RuntimeWarning, match="Something else"):
        assert load_of_this_version(warn) == "loaded"


def test_trees_of_another_xgboost_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    head = XGBoostClassifier(n_estimators=1)
    with monkeypatch.context() as then:
        then.setattr("xgboost.__version__", "2.1.4")
        head.fit(X, Y)
    again = pickle.loads(pickle.dumps(make_pipeline(StandardScaler().fit(X), head)))
    message = (
        rf"steps of xgboost 2\.1\.4 while {xgboost.__version__} is installed.*: "
        r"XGBoostClassifier \(step 'xgboostclassifier'\)\. .*xgboost==2\.1\.4$"
    )
    with pytest.raises(ModelError, match=message):
        check_versions(again)
    check_versions(head.fit(X, Y))
