"""Which features a linear model needs: a group lasso's weights, and their ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hybridml._checks import Problems, check_name, is_count, is_number, list_names
from hybridml.exceptions import DataError
from hybridml.transfer.all_layers.losses import LOSSES, Loss, Table
from hybridml.transfer.all_layers.proximal import Solution, row_norms, solve

_SMALLEST_SET = 128  # features: fewer are not worth a product of their own


@dataclass(frozen=True)
class GroupLasso:
    """A linear model in which each feature has weights for all outputs, or for none.

    Attributes
    ----------
    strength : float
        Of the penalty, in parts of the smallest that leaves no weights.
    penalty : float
        The same, as the factor of the sum of the rows' norms.
    weights : ndarray of shape (n_features, n_outputs)
        For standardised features.
    intercept : ndarray of shape (n_outputs,)
    pulls : ndarray of shape (n_features,)
        Norms of the loss's gradient. Those of features with weights are the penalty;
        the nearer another one is to it, the sooner it would get some.
    n_steps : int
        How many were taken, the stronger penalties' before included.
    """

    strength: float
    penalty: float
    weights: npt.NDArray[np.floating]
    intercept: Table
    pulls: npt.NDArray[np.float64]
    n_steps: int

    @property
    def relevance(self) -> npt.NDArray[np.float64]:
        """Norm of each feature's weights, of shape (n_features,)."""
        return row_norms(self.weights)

    @property
    def ranking(self) -> npt.NDArray[np.intp]:
        """Positions of the features, the most relevant first.

        Those without weights follow by their pulls; of equals the first is first.
        """
        return np.lexsort((-self.pulls, -self.relevance))


def relevance(
    features: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    loss: str = "multinomial",
    strength: float = 0.03,
    tolerance: float = 0.01,
    max_steps: int = 1000,
) -> npt.NDArray[np.float64]:
    """Say how much a linear model that has to choose makes of each feature.

    Parameters
    ----------
    features, targets, loss, tolerance, max_steps
        As for `group_lasso_path`.
    strength : float, default=0.03
        Above 0, 1 at most: at 1, no feature is relevant.

    Returns
    -------
    relevance : ndarray of shape (n_features,)
        Norm of each feature's weights; 0 where it has none.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(200, 5))
    >>> is_cat = features[:, 3] > 0
    >>> relevance(features, np.stack([is_cat, ~is_cat], axis=1), strength=0.3).argmax()
    np.int64(3)
    """
    fitted = group_lasso_path(
        features,
        targets,
        loss=loss,
        strengths=[strength],
        tolerance=tolerance,
        max_steps=max_steps,
    )
    return fitted[0].relevance


def group_lasso_path(
    features: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    loss: str = "multinomial",
    strengths: Sequence[float] = (0.03,),
    tolerance: float = 0.01,
    max_steps: int = 1000,
) -> list[GroupLasso]:
    """Fit linear models whose penalty is the sum of the norms of features' weights.

    Parameters
    ----------
    features : array-like of shape (n_rows, n_features)
        They are standardised here. In float32 the products are computed so, in all
        else in float64.
    targets : array-like of shape (n_rows, n_outputs)
        For "multinomial" a column a class, with a single 1 in each row; for "binary" 0
        and 1; for "squared" numbers.
    loss : {"multinomial", "binary", "squared"}, default="multinomial"
        The mean over the rows: of the log-loss; of the sum of the outputs' log-losses;
        or of half the squared errors.
    strengths : sequence of float, default=(0.03,)
        Above 0, 1 at most, in parts of the smallest penalty that leaves no weights.
    tolerance : float, default=0.01
        How long a row of the gradient may be at the end, in parts of the penalty.
    max_steps : int, default=1000
        For each strength and set of features at most.

    Returns
    -------
    fitted : list of GroupLasso
        One a strength, in their order.

    Raises
    ------
    DataError
        If the tables do not fit together, or hold anything but finite numbers.
    InvalidParameterError, UnknownNameError
        If a parameter is wrong.

    Notes
    -----
    The stronger penalties come first, and the weaker ones start from them. Steps are
    taken on the features that have weights or should get some; the others are looked
    at when these are done, until none of them should.

    References
    ----------
    M. Yuan, Y. Lin, "Model Selection and Estimation in Regression with Grouped
    Variables", Journal of the Royal Statistical Society B, 2006, section 2. G.
    Obozinski, B. Taskar, M. Jordan, "Joint Covariate Selection and Joint Subspace
    Selection for Multiple Classification Problems", Statistics and Computing, 2010.
    """
    _check_parameters(loss, strengths, tolerance, max_steps)
    table, wanted = _check_tables(features, targets)
    path = _Path(standardised(table), wanted, LOSSES[loss], tolerance, max_steps)
    fitted = {strength: path.fit(strength) for strength in sorted(strengths)[::-1]}
    return [fitted[strength] for strength in strengths]


def standardised(features: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Give each column mean 0 and variance 1; a constant one becomes zero.

    Examples
    --------
    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0]]))
    array([[-1.,  0.], [ 1.,  0.]])
    """
    means = features.mean(axis=0, dtype=np.float64)
    centred = features - means.astype(features.dtype)
    deviations = np.sqrt(np.einsum("ij,ij->j", centred, centred) / len(features))
    noise = 10 * np.finfo(features.dtype).eps * np.abs(means)
    is_constant = deviations <= noise
    centred[:, is_constant] = 0
    deviations[is_constant] = 1
    centred /= deviations
    return np.asarray(centred)


class _Path:
    """Solutions for ever weaker penalties, each from where the last one ended."""

    def __init__(
        self,
        features: npt.NDArray[np.floating],
        targets: Table,
        loss: Loss,
        tolerance: float,
        max_steps: int,
    ) -> None:
        self._features, self._targets, self._loss = features, targets, loss
        self._max_steps = max_steps
        weights = np.zeros((features.shape[1], targets.shape[1]), features.dtype)
        intercept = loss.null(targets)
        scores = np.tile(intercept, (len(targets), 1))
        self._solution = Solution(weights, intercept, scores)
        self._pulls = self._pulls_at(scores)
        self._largest = float(self._pulls.max(initial=0.0))
        self._tolerance = tolerance

    def fit(self, strength: float) -> GroupLasso:
        penalty = strength * self._largest
        chosen = np.flatnonzero(row_norms(self._solution.weights))
        while True:
            is_wanted = self._pulls > penalty * (1 + self._tolerance)
            is_wanted[chosen] = False
            wanted = np.flatnonzero(is_wanted)
            if not len(wanted):
                break
            n_more = max(_SMALLEST_SET, len(chosen))
            strongest = np.argsort(-self._pulls[wanted], kind="stable")[:n_more]
            chosen = np.union1d(chosen, wanted[strongest])
            self._solve(chosen, penalty)
        done = self._solution
        return GroupLasso(
            strength, penalty, done.weights, done.intercept, self._pulls, done.n_steps
        )

    def _solve(self, chosen: npt.NDArray[np.intp], penalty: float) -> None:
        last = self._solution
        start = Solution(last.weights[chosen], last.intercept, last.scores)
        found = solve(
            self._features[:, chosen],
            self._targets,
            self._loss,
            penalty,
            start,
            tolerance=self._tolerance * penalty,
            max_steps=self._max_steps,
        )
        weights = np.zeros_like(last.weights)
        weights[chosen] = found.weights
        n_steps = last.n_steps + found.n_steps
        self._solution = Solution(weights, found.intercept, found.scores, n_steps)
        self._pulls = self._pulls_at(found.scores)

    def _pulls_at(self, scores: Table) -> npt.NDArray[np.float64]:
        slope = self._loss.slope(scores, self._targets).astype(self._features.dtype)
        return row_norms(self._features.T @ slope)


def _check_parameters(
    loss: str, strengths: Sequence[float], tolerance: float, max_steps: int
) -> None:
    check_name("loss", loss, LOSSES, expected=list_names(LOSSES))
    problems = Problems("group_lasso_path")
    are_strengths = len(strengths) > 0 and all(_is_share(s) for s in strengths)
    problems.expect(are_strengths, "strengths", strengths, "numbers above 0, 1 at most")
    expected = "a number above 0, 1 at most"
    problems.expect(_is_share(tolerance), "tolerance", tolerance, expected)
    expected = "a positive whole number"
    problems.expect(is_count(max_steps), "max_steps", max_steps, expected)
    problems.raise_all()


def _is_share(value: object) -> bool:
    return is_number(value, high=1) and value != 0


def _check_tables(
    features: npt.ArrayLike, targets: npt.ArrayLike
) -> tuple[npt.NDArray[np.floating], Table]:
    table = np.asarray(features)
    if table.dtype != np.float32:
        table = table.astype(np.float64)
    wanted = np.asarray(targets, dtype=np.float64)
    if table.ndim != 2 or wanted.ndim != 2 or len(table) != len(wanted):
        raise DataError(
            f"Got features of shape {table.shape} and targets of shape {wanted.shape}; "
            "expected two tables with as many rows."
        )
    if not wanted.size:
        raise DataError(f"Got targets of shape {wanted.shape}; expected some.")
    for name, values in (("features", table), ("targets", wanted)):
        if not np.isfinite(values).all():
            raise DataError(f"Got {name} that are missing or infinite.")
    return table, wanted
