"""Others see a search's runs in the MLflow store while it goes on."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV

from hybridml.tracking import track_search


class Slow(ClassifierMixin, BaseEstimator):
    """Takes 50 ms to fit."""

    def __init__(self, cut_layer: int = 0) -> None:
        self.cut_layer = cut_layer

    def fit(self, X: Any, y: Any) -> Slow:
        time.sleep(0.05)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.classes_[0])


def test_a_reader_sees_finished_candidates_while_the_search_runs(store) -> None:
    tracker = store.tracker()
    with tracker.run("sets the store up"):
        pass
    is_over = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not is_over.is_set():
            found = store.runs(
                "attributes.status = 'FINISHED' AND metrics.score >= 0 "
                "AND attributes.run_name LIKE 'candidate%'"
            )
            if not is_over.is_set():
                seen.append(len(found))
            time.sleep(0.2)

    search = GridSearchCV(Slow(), {"cut_layer": list(range(20))}, cv=5, refit=False)
    reader = threading.Thread(target=read)
    with track_search(search, tracker):
        reader.start()
        search.fit(np.zeros((40, 1)), np.arange(40) % 2)
        is_over.set()
    reader.join()
    assert seen == sorted(seen)
    assert len({n for n in seen if 0 < n < 20}) >= 2
    runs = store.runs()
    (parent,) = (r for r in runs if "mlflow.note.content" in r.data.tags)
    children = [
        r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id
    ]
    assert len(children) == 20
    assert {r.info.status for r in [parent, *children]} == {"FINISHED"}
    assert {r.data.tags["hybridml.cut_layer"] for r in children} == {
        str(n) for n in range(20)
    }
    folds = store.client.get_metric_history(children[0].info.run_id, "fold_score")
    assert [point.step for point in folds] == [1, 2, 3, 4, 5]
    assert parent.data.metrics["score"] == pytest.approx(0.5)
