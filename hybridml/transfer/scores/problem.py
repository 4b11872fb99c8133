"""What is to be scored: images, targets, and the scores that suit them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe, is_count
from hybridml.backbones.layers import list_cut_layers
from hybridml.comparing.tasks import Task, check_targets, find_task
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.images.door import as_images
from hybridml.transfer.scores.catalogue import (
    Needs,
    ScoreSpec,
    get_score,
    list_scores,
)
from hybridml.transfer.scores.sampling import sample_positions


@dataclass(frozen=True)
class ScoreProblem:
    """Images with their targets, and the scores to compute of their features.

    Attributes
    ----------
    images : ndarray of shape (n_images, ...)
        Those that are scored.
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    scores : tuple of ScoreSpec
    options : mapping of {str: object}
        Task, seed and threads, for the scores that take them.
    """

    images: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    scores: tuple[ScoreSpec, ...]
    options: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        X: Any,
        y: Any,
        scores: str | Sequence[str],
        *,
        task: str,
        max_images: int | None,
        random_state: int,
        n_jobs: int | None,
        needs: Needs | None = None,
    ) -> ScoreProblem:
        """Check images, targets and scores, and draw the images that are scored.

        Scores that need something else than `needs` are refused; None for any.
        """
        images = as_images(X)
        found = find_task(y, task)
        targets = check_targets(y, len(images), found)
        chosen = choose_scores(scores, found, needs)
        if not is_count(random_state, minimum=0):
            message = describe("random_state", random_state, "a whole number >= 0")
            raise InvalidParameterError(message)
        kept = sample_positions(targets, found, max_images, random_state)
        options = {"task": found, "random_state": random_state, "n_jobs": n_jobs}
        return cls(images[kept], targets[kept], chosen, options)

    def compute(self, given: Mapping[str, npt.NDArray[Any]]) -> dict[str, float]:
        """Compute all scores, from what they need by the name of it."""
        columns: dict[str, float] = {}
        for score in self.scores:
            columns |= score.compute(given[score.needs], self.targets, self.options)
        return columns

    def needs(self, what: Needs) -> bool:
        """Whether any of the scores needs it."""
        return any(score.needs == what for score in self.scores)


def choose_scores(
    scores: str | Sequence[str], task: Task, needs: Needs | None = None
) -> tuple[ScoreSpec, ...]:
    """Look up each score once, in the order given.

    Raises
    ------
    UnknownNameError, InvalidParameterError
        If there is no such score, it does not suit the task, it needs something else,
        or there is none at all.

    Examples
    --------
    >>> [score.name for score in choose_scores(["knn", "logme"], "regression")]
    ['knn', 'logme']
    """
    given = [scores] if isinstance(scores, str) else scores
    if not isinstance(given, Iterable) or not (names := list(dict.fromkeys(given))):
        raise InvalidParameterError(describe("scores", scores, "one score or several"))
    chosen = tuple(get_score(name, task) for name in names)
    for score in chosen:
        if needs not in (None, score.needs):
            expected = f"scores of {needs}: {', '.join(list_scores(task, needs))}"
            cure = f"{score.name!r} is of {score.needs}: see score_backbones."
            raise InvalidParameterError(describe("scores", scores, expected, cure))
    return chosen


def cost_of_layers(extractor: DeepFeatureExtractor) -> dict[str, float]:
    """Multiply-adds in 10^9 from the input to each declared stage, for one image."""
    listed = list_cut_layers(extractor.backbone, image_size=extractor.image_size)
    return dict(zip(listed["name"], np.asarray(listed["gmacs"], float), strict=True))
