"""Features that tell their classes, more and less well."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]


def make_features(
    n_images: int, n_features: int, *, n_classes: int = 3, gap: float = 2.0
) -> tuple[Floats, Labels]:
    """Noise around a centre for each class; classes of different sizes."""
    rng = np.random.default_rng(n_images * 1000 + n_features)
    codes = np.minimum(rng.integers(0, n_classes + 1, n_images), n_classes - 1)
    codes[:n_classes] = np.arange(n_classes)
    centres = rng.normal(size=(n_classes, n_features))
    spread = 0.5 + rng.random(n_features)
    values = gap * centres[codes] + rng.normal(size=(n_images, n_features)) * spread
    return values, np.array(["ant", "bee", "cat", "dog", "eel"])[codes]


SHAPES = [(30, 4), (25, 25), (12, 40)]
