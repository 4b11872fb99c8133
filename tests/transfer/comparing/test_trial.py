"""One fold is fitted on its training part, and judged on its test part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridml.comparing.data import Data
from hybridml.comparing.trial import run_trial
from hybridml.exceptions import TrainingWarning
from hybridml.finetune import Callback
from hybridml.transfer.cases.catalogue import ALL_LAYERS
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing.candidate import Candidate
from tests.transfer.comparing.conftest import Photos

FOLD = (np.arange(12), np.arange(12, 16))
OPTIONS: dict[str, Any] = {
    "cut_layer": "all",
    "head": "ridge",
    "epochs": 1,
    "store": None,
}


def _data(photos: Photos, scorer: Any = "accuracy") -> Data:
    return Data(*photos, [FOLD], scorer)


def _candidate(case: int | None, variant: str = "") -> Candidate:
    return Candidate(case, CaseOptions("tiny", **OPTIONS), variant)


@pytest.mark.parametrize("case", [None, 0, 1, 2, 3, 4])
def test_every_kind_is_scored_and_measured(photos: Photos, case: int | None) -> None:
    found = run_trial(_candidate(case), _data(photos), FOLD)
    assert found.outputs.predict.shape == (4,)
    assert found.score == (found.outputs.predict == photos[1][12:]).mean()
    assert (found.n_train, found.n_test) == (12, 4)
    assert found.fit_time_s > 0
    assert found.model_mb > 0
    assert (found.images_forwarded > 0) == (case is not None)
    assert np.isnan(found.best_epoch) == (case not in (2, 3, 4))
    assert (found.history is not None) == (case in (2, 3, 4))


def test_search_tells_its_choice_and_the_layers(photos: Photos) -> None:
    found = run_trial(_candidate(1), _data(photos), FOLD)
    assert found.choice["cut_layer"] in ("stem", "stage1", "penultimate")
    assert found.choice["head"] == "ridge"
    assert found.inner_scores is not None
    assert found.inner_scores["cut_layer"].tolist() == ["stem", "stage1", "penultimate"]


def test_all_layers_is_one_row_without_a_layer_curve(photos: Photos) -> None:
    found = run_trial(_candidate(1, ALL_LAYERS), _data(photos), FOLD)
    assert found.choice == {"cut_layer": "all layers", "head": "logistic"}
    assert found.inner_scores is None


def test_later_cuts_and_tuned_networks_are_larger(photos: Photos) -> None:
    early, late = (
        run_trial(
            Candidate(1, CaseOptions("tiny", cut_layer=layer, store=None)),
            _data(photos),
            FOLD,
        ).model_mb
        for layer in ("stem", "stage1")
    )
    assert early < late
    assert run_trial(_candidate(2), _data(photos), FOLD).model_mb > late


def test_scorer_of_ones_own_gets_the_estimator(photos: Photos) -> None:
    def score(estimator: Any, images: Any, targets: Any) -> float:
        return float(len(images)) + hasattr(estimator, "shares_")

    assert run_trial(_candidate(0), _data(photos, score), FOLD).score == 5.0


def test_an_interrupt_of_fine_tuning_is_passed_on(photos: Photos) -> None:
    class Interrupt(Callback):
        def on_step_end(self, *_: object) -> None:
            raise KeyboardInterrupt

    with (
        pytest.warns(TrainingWarning, match="interrupted in epoch 1"),
        pytest.raises(KeyboardInterrupt),
    ):
        run_trial(_candidate(3), _data(photos), FOLD, [Interrupt()])
