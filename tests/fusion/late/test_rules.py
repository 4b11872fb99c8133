"""Rules that combine probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.fusion.late.rules import RULES

TWO = np.array([[[0.6, 0.3, 0.1]], [[0.2, 0.5, 0.3]]])  # modalities, rows, classes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", [0.4, 0.4, 0.2]),
        ("product", np.array([0.12, 0.15, 0.03]) / 0.3),
        ("max", np.array([0.6, 0.5, 0.3]) / 1.4),
        ("vote", [0.4999, 0.4999, 0.0002]),
    ],
)
def test_rules_of_classes(name: str, expected: list[float]) -> None:
    found = RULES[name](TWO, "classification")
    assert found[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", [0.4, 0.4, 0.2]),
        ("product", [0.12 / 0.44, 0.15 / 0.5, 0.03 / 0.66]),
        ("max", [0.2, 0.3, 0.1]),
        ("vote", [0.4999, 0.0004, 0.0002]),
    ],
)
def test_rules_of_labels(name: str, expected: list[float]) -> None:
    found = RULES[name](TWO, "multilabel")
    assert found[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("task", ["classification", "multilabel"])
def test_one_modality_decides_as_it_does_alone(name: str, task: str) -> None:
    alone = TWO[:1]
    found = RULES[name](alone, task)  # type: ignore[arg-type]
    assert found.argmax() == alone.argmax()
    assert ((found > 0.5) == (alone[0] > 0.5)).all() or task == "classification"
