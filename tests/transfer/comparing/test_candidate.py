"""A candidate names what it is, what its folds chose, and what they gave."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hybridml import RecordingTracker
from hybridml.exceptions import TrainingWarning
from hybridml.testing import make_photos
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing.candidate import Candidate, _LogEpochs
from hybridml.transfer.splits import make_folds

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


@pytest.mark.parametrize(
    ("case", "options", "expected"),
    [
        (0, {}, ("logits", "class map")),
        (1, {"cut_layer": "stem", "head": "ridge"}, ("stem", "ridge")),
        (1, {"backbone": "tiny", "cut_layer": 1}, ("stage1", "linear_svm")),
        (1, {"cut_layer": "all", "head": ("ridge", "svm")}, ("searched", "ridge, svm")),
        (1, {"cut_layer": ["stem"], "head": "ridge"}, ("searched", "ridge")),
        (2, {}, ("penultimate", "linear")),
        (4, {"cut_layer": "all"}, ("penultimate", "linear")),
    ],
)
def test_cut_layer_and_head_are_named(
    case: int, options: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert Candidate(case, CaseOptions(**options)).cut_layer_and_head() == expected


def test_of_a_search_the_choice_of_most_folds_is_named() -> None:
    candidate = Candidate(1, CaseOptions(cut_layer="all"))
    candidate.chosen = [("stem", "ridge"), ("stage1", "ridge"), ("stage1", "ridge")]
    assert candidate.cut_layer_and_head() == ("stage1", "ridge")


def test_title_names_case_and_backbone() -> None:
    title = Candidate(3, CaseOptions("tiny")).title
    assert title == "case 3: fine-tune everything (tiny)"


def test_fold_is_tagged_with_its_own_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    choices = iter([("stem", "ridge"), ("stage1", "ridge"), ("stage1", "ridge")])
    monkeypatch.setattr(
        Candidate, "_note_choice", lambda self, _: self.chosen.append(next(choices))
    )
    X, y = make_photos(12)
    options = CaseOptions("tiny", cut_layer="all", head="ridge", store=None)
    candidate, tracker = Candidate(1, options), RecordingTracker()
    _run(candidate, (X, y), tracker, n_folds=3)
    run = tracker.runs[0].children[0]
    layers = [fold.tags["hybridml.cut_layer"] for fold in run.children]
    assert layers == ["stem", "stage1", "stage1"]
    assert run.tags["hybridml.cut_layer"] == "stage1"


def test_row_sums_the_folds_up(photos: Photos) -> None:
    candidate = Candidate(0, CaseOptions("tiny", store=None))
    _run(candidate, photos, RecordingTracker(), n_folds=2)
    row = candidate.row()
    assert row["images_forwarded"] == 2 * 16
    assert row["score"] == np.mean([fold["score"] for fold in candidate.folds])
    assert [fold["fold"] for fold in candidate.folds] == [1, 2]


def test_estimator_is_made_as_the_options_say() -> None:
    ranked = CaseOptions("tiny", calibrate=False)
    assert not hasattr(Candidate(1, ranked).make(), "predict_proba")
    assert hasattr(Candidate(1, ranked).make(calibrate=True), "predict_proba")
    assert hasattr(
        Candidate(1, CaseOptions("tiny", calibrate=True)).make(), "predict_proba"
    )


def _run(
    candidate: Candidate, photos: Photos, tracker: RecordingTracker, *, n_folds: int
) -> None:
    with tracker.run("parent") as parent:
        candidate.run(
            *photos,
            make_folds(photos[1], n_folds, 0),
            scorer=lambda model, images, labels: model.score(images, labels),
            parent=parent,
            on_step=lambda text, done: None,
        )


def test_an_interrupt_of_fine_tuning_ends_the_comparison(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_LogEpochs, "on_step_end", interrupt)
    candidate = Candidate(3, CaseOptions("tiny", store=None))
    with (
        pytest.warns(TrainingWarning, match="interrupted in epoch 1"),
        pytest.raises(KeyboardInterrupt),
    ):
        _run(candidate, photos, RecordingTracker(), n_folds=2)
