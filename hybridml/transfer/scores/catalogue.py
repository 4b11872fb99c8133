"""Which scores there are: what each needs, and for which tasks it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from hybridml._checks import check_name, describe, list_names
from hybridml.comparing.tasks import Task
from hybridml.exceptions import InvalidParameterError
from hybridml.transfer.scores.gbc import gbc
from hybridml.transfer.scores.h_score import h_score
from hybridml.transfer.scores.knn_score import knn_score
from hybridml.transfer.scores.leep import leep
from hybridml.transfer.scores.logme import logme
from hybridml.transfer.scores.n_leep import n_leep
from hybridml.transfer.scores.nce import nce
from hybridml.transfer.scores.parc import parc
from hybridml.transfer.scores.probe_score import probe_score
from hybridml.transfer.scores.transrate import transrate

Needs = Literal["features", "probabilities"]
_EVERY_TASK: tuple[Task, ...] = get_args(Task)
_CLASSES_ONLY: tuple[Task, ...] = ("classification",)


@dataclass(frozen=True)
class ScoreSpec:
    """A transferability score by name.

    Attributes
    ----------
    name : str
    function : callable
        Takes features, or the source's probabilities, and targets.
    needs : {"features", "probabilities"}
    tasks : tuple of {"classification", "multilabel", "regression"}
    takes : tuple of str
        Of "task", "random_state" and "n_jobs", what the function takes by name.
    """

    name: str
    function: Callable[..., Any]
    needs: Needs = "features"
    tasks: tuple[Task, ...] = _CLASSES_ONLY
    takes: tuple[str, ...] = ()

    def compute(
        self, values: Any, targets: Any, options: Mapping[str, Any]
    ) -> dict[str, float]:
        """Compute the score as columns of a table: one, or one more for its error."""
        taken = {name: options[name] for name in self.takes}
        found = self.function(values, targets, **taken)
        columns = {self.name: float(found)}
        if hasattr(found, "standard_error"):
            columns[f"{self.name}_standard_error"] = found.standard_error
        return columns


SCORES: tuple[ScoreSpec, ...] = (
    ScoreSpec("logme", logme, tasks=_EVERY_TASK, takes=("task",)),
    ScoreSpec("h_score", h_score),
    ScoreSpec("knn", knn_score, tasks=_EVERY_TASK, takes=("task",)),
    ScoreSpec("parc", parc, tasks=_EVERY_TASK, takes=("task",)),
    ScoreSpec("gbc", gbc),
    ScoreSpec("transrate", transrate),
    ScoreSpec("n_leep", n_leep, takes=("random_state",)),
    ScoreSpec(
        "probe",
        probe_score,
        tasks=_EVERY_TASK,
        takes=("task", "random_state", "n_jobs"),
    ),
    ScoreSpec("leep", leep, "probabilities"),
    ScoreSpec(
        "nce",
        lambda probabilities, labels: nce(most_probable(probabilities), labels),
        "probabilities",
    ),
)


def most_probable(probabilities: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Take the source class of the highest probability for each image."""
    return np.asarray(np.argmax(probabilities, axis=1))


def list_scores(task: Task | None = None, needs: Needs | None = None) -> list[str]:
    """Name the scores, the cheaper ones first.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"} or None, default=None
        Only those that suit it.
    needs : {"features", "probabilities"} or None, default=None
        Only those that are computed from them.

    Returns
    -------
    names : list of str

    Examples
    --------
    >>> list_scores("regression")
    ['logme', 'knn', 'parc', 'probe']
    """
    return [
        score.name
        for score in SCORES
        if task in (None, *score.tasks) and needs in (None, score.needs)
    ]


def get_score(name: str, task: Task) -> ScoreSpec:
    """Look a score up by name.

    Raises
    ------
    UnknownNameError
        If there is no score of this name; the message suggests the nearest one.
    InvalidParameterError
        If the score is not for this task.
    """
    known = list_scores()
    check_name("score", name, known, expected=f"one of {list_names(known)}")
    score = next(score for score in SCORES if score.name == name)
    if task not in score.tasks:
        expected = f"a score for {task}: {list_names(list_scores(task))}"
        raise InvalidParameterError(describe("score", name, expected))
    return score
