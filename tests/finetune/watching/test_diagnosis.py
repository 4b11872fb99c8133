"""The verdict is what a person sees in the curves, in any unit and under noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from hybridml.exceptions import InvalidParameterError
from hybridml.finetune import Diagnosis, FineTuneClassifier, diagnose

Values = npt.NDArray[np.float64]
Shape = Callable[[Values], Values]


def _history(train: Any, valid: Any, **scores: Any) -> pd.DataFrame:
    """Make a history out of losses from epoch 0 on; there is no training loss in 0."""
    train = np.array(train, dtype=float)
    train[0] = math.nan
    columns = {"train_loss": train, "valid_loss": valid, **scores}
    return pd.DataFrame({"epoch": range(len(train)), **columns})


def _falling(n_halvings: float, floor: float = 0.0) -> Shape:
    return lambda t: 2.3 * (floor + (1 - floor) * 2.0 ** (-n_halvings * t))


def _every_other(t: Values) -> Values:
    return np.arange(len(t)) % 2.0


# Curves over t from 0 to 1: training loss, held-out loss, and what a person sees.
CURVES: dict[str, tuple[Shape, Shape, str]] = {
    "both fall and level off": (_falling(12), _falling(12, 0.05), "good fit"),
    "training stays above": (_falling(12, 0.5), _falling(12, 0.2), "good fit"),
    "stopped early": (_falling(1.2), _falling(1), "under-fitting"),
    "high and close": (_falling(3), _falling(3, 0.1), "under-fitting"),
    "stays where it was": (_falling(0.02), _falling(0.01), "under-fitting"),
    "turns and rises": (
        _falling(12),
        lambda t: _falling(12, 0.1)(t) + np.maximum(0, t - 0.3),
        "over-fitting",
    ),
    "rises from the probe": (
        lambda t: _falling(9)(t) / 8,
        lambda t: 0.2 + 0.3 * t,
        "over-fitting",
    ),
    "gap and plateau": (_falling(15), _falling(15, 0.7), "over-fitting"),
    "swings": (
        _falling(10),
        lambda t: _falling(10, 0.2)(t) + 0.8 * _every_other(t),
        "oscillating",
    ),
    "training swings": (
        lambda t: _falling(3, 0.2)(t) + 0.8 * _every_other(t),
        _falling(10, 0.2),
        "oscillating",
    ),
    "grows": (lambda t: 2.3 + 9 * t, lambda t: 2.3 + 8 * t, "diverging"),
    "both worse than the probe": (
        lambda t: 0.5 + 0.1 * t,
        lambda t: 0.2 + 0.4 * t,
        "diverging",
    ),
}


@pytest.mark.parametrize("n_epochs", [6, 20, 200])
@pytest.mark.parametrize("name", CURVES)
def test_verdict_is_what_a_person_sees(name: str, n_epochs: int) -> None:
    train, valid, expected = CURVES[name]
    t = np.linspace(0, 1, n_epochs + 1)
    assert diagnose(_history(train(t), valid(t))).verdict == expected


@pytest.mark.slow
@given(
    name=st.sampled_from(sorted(CURVES)),
    unit=st.floats(1e-4, 1e4),
    seed=st.integers(0, 10_000),
    noise=st.floats(0, 0.01),
)
def test_unit_and_noise_do_not_change_the_verdict(
    name: str, unit: float, seed: int, noise: float
) -> None:
    train, valid, expected = CURVES[name]
    t, rng = np.linspace(0, 1, 31), np.random.default_rng(seed)
    losses = [f(t) * (1 + noise * rng.standard_normal(31)) for f in (train, valid)]
    history = _history(*losses)
    assert diagnose(history).verdict == expected
    columns = ["train_loss", "valid_loss"]
    scaled = history.assign(**{c: unit * history[c] for c in columns})
    assert diagnose(scaled).verdict == expected


@given(
    losses=st.lists(
        st.tuples(*2 * [st.floats(0, 1e6) | st.just(math.nan)]), min_size=1, max_size=12
    )
)
def test_every_history_has_a_verdict(losses: list[tuple[float, float]]) -> None:
    train, valid = zip(*losses, strict=True)
    found = diagnose(_history(train, valid, valid_r2=valid))
    assert found.verdict
    assert found.evidence
    assert found.cure


@pytest.mark.parametrize("n_epochs", [0, 1, 2])
def test_few_epochs_do_not_tell(n_epochs: int) -> None:
    losses = np.linspace(1, 0.5, n_epochs + 1)
    found = diagnose(_history(losses, losses))
    assert found.verdict == "cannot tell"
    assert found.cure == ("epochs=5 or more",)


def test_a_lost_number_is_divergence_however_few_epochs_there_are() -> None:
    assert diagnose(_history([0, math.nan], [1, 1])).verdict == "diverging"
    assert diagnose(_history([0, 0.5], [1, math.inf])).verdict == "diverging"


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        (_falling(12), "cannot tell"),
        (_falling(1), "under-fitting"),
        (_falling(0.01), "under-fitting"),
        (lambda t: 1 + 9 * t, "diverging"),
    ],
)
def test_without_a_held_out_part_only_training_is_judged(
    train: Shape, expected: str
) -> None:
    t = np.linspace(0, 1, 21)
    found = diagnose(_history(train(t), np.full(21, math.nan)))
    assert found.verdict == expected
    assert any("nothing was held out" in line for line in found.evidence) is (
        expected != "diverging"
    )


def test_a_first_epoch_that_throws_the_start_away_is_divergence() -> None:
    train, valid = [0, 1416, 2.7, 2.5, 2.4, 2.3], [2.3, 2.5, 2.5, 2.5, 2.4, 2.3]
    found = diagnose(_history(train, valid))
    assert found.verdict == "diverging"
    assert found.evidence[0].startswith("training loss was 1.42e+03 in epoch 1")


def test_heavy_augmentation_on_a_good_probe_is_no_divergence() -> None:
    train, valid = [0, 0.9, 0.8, 0.75, 0.72, 0.7], [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    assert diagnose(_history(train, valid)).verdict == "under-fitting"


def test_swings_are_no_over_fitting_because_they_end_high() -> None:
    train = [0, 1.9, 0.8, 0.6, 0.8, 0.6, 0.5, 0.6, 0.7, 0.6, 0.3]
    valid = [2.3, 0.7, 1.2, 0.4, 0.9, 0.3, 1.1, 0.6, 1.3, 0.2, 2.1]
    assert diagnose(_history(train, valid)).verdict == "oscillating"


def test_evidence_has_the_numbers_and_the_cure_the_parameters() -> None:
    train, valid, _ = CURVES["turns and rises"]
    t = np.linspace(0, 1, 11)
    history = _history(train(t), valid(t), valid_r2=1 - valid(t), learning_rate=0.001)
    text = str(diagnose(history))
    assert text.startswith("over-fitting\n  seen: held-out loss rose from ")
    assert "r2 -1.3 at the start" in text
    for name in ("augmentation", "trainable", "dropout", "weight_decay", "patience"):
        assert name in text


@pytest.mark.parametrize(
    ("name", "rate"),
    [("swings", "0.003"), ("grows", "0.001"), ("stopped early", "0.03")],
)
def test_a_known_learning_rate_is_changed_by_number(name: str, rate: str) -> None:
    train, valid, _ = CURVES[name]
    t = np.linspace(0, 1, 11)
    history = _history(train(t), valid(t), learning_rate=0.01 * (1 - t))
    assert f"learning_rate={rate}" in diagnose(history).cure


def test_what_is_no_history_is_told_so() -> None:
    expected = "expected a history_ with the columns epoch, train_loss, valid_loss"
    with pytest.raises(InvalidParameterError, match=expected):
        diagnose(pd.DataFrame({"epoch": [1]}))
    with pytest.raises(InvalidParameterError, match=expected):
        diagnose([0.5, 0.4])  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "n_images", "wrong_labels", "expected"),
    [
        ({"epochs": 25}, 900, 0.0, "good fit"),
        ({"epochs": 20, "learning_rate": 1e-4}, 600, 0.0, "under-fitting"),
        ({"epochs": 60}, 300, 0.4, "over-fitting"),
        ({"epochs": 30, "learning_rate": 0.03}, 600, 0.0, "oscillating"),
        ({"epochs": 8, "learning_rate": 3.0}, 600, 0.0, "diverging"),
    ],
)
def test_real_runs_show_what_they_were_set_up_for(
    settings: dict[str, Any], n_images: int, wrong_labels: float, expected: str
) -> None:
    assert _train(settings, n_images, wrong_labels).verdict == expected


def _train(settings: dict[str, Any], n_images: int, wrong_labels: float) -> Diagnosis:
    """Train LeNet-5 on handwritten digits, some of them labelled at random."""
    rng, digits = np.random.default_rng(0), load_digits()
    chosen = rng.permutation(len(digits.target))[:n_images]
    images = np.kron(digits.images[chosen], np.ones((4, 4)))
    X = np.stack(3 * [(15.9 * images).astype(np.uint8)], axis=-1)
    y = digits.target[chosen]
    is_wrong = rng.random(n_images) < wrong_labels
    y[is_wrong] = rng.permutation(y[is_wrong])
    model = FineTuneClassifier(
        "lenet5",
        weights=None,
        image_size=32,
        augmentation="none",
        validation_fraction=0.2,
        precision="fp32",
        **settings,
    )
    return diagnose(model.fit(X, y).history_)
