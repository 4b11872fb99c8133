"""The graph's pixels are those of the library, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridml.backbones.normalising import normalise
from hybridml.backbones.spec import Preprocessing
from hybridml.exporting.graph import Graph
from hybridml.exporting.preprocessing import preprocess
from hybridml.images.batch import load_batch
from tests.exporting.running import session_of

SIZES = [(50, 37), (37, 50), (24, 24), (26, 26), (5, 40), (1, 7), (90, 3), (301, 200)]
RESIZES = [(26, 24), (24, 24), (30, 64), (27, 24)]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("resize", "crop"), RESIZES)
def test_pixels_are_those_of_the_library(
    interpolation: str, resize: int, crop: int
) -> None:
    sized = Preprocessing(
        resize,
        crop,
        interpolation,
        mean=(0.0,) * 3,
        std=(1 / 255,) * 3,  # type: ignore[arg-type]
    )
    session = _session(sized)
    rng = np.random.default_rng(0)
    for height, width in SIZES:
        noise = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
        noise[1] = 255 * (noise[1] > 127)  # steep edges, which bicubic overshoots
        right, _ = load_batch(
            noise, resize=resize, crop=crop, interpolation=interpolation
        )
        (found,) = session.run(["found"], {"images": noise})
        found = found.transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(found.round(3), right)


@pytest.mark.parametrize("n_channels", [1, 3, 5])
def test_input_is_normalised_for_any_number_of_channels(n_channels: int) -> None:
    import torch

    mean, std = (0.1, 0.5, 0.4, 0.3, 0.2)[:n_channels], (0.2, 0.3, 0.4, 0.5, 0.6)
    sized = Preprocessing(26, 24, mean=mean, std=std[:n_channels])
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (1, 30, 60, n_channels), dtype=np.uint8)
    if n_channels == 3:
        pixels, _ = load_batch(images, resize=26, crop=24)
    else:
        pixels, _ = load_batch(
            [images[0, :, :, 0] if n_channels == 1 else images[0]],
            resize=26,
            crop=24,
            channels=n_channels,
        )
    right = normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2), sized).numpy()
    (found,) = _session(sized).run(["found"], {"images": images})
    np.testing.assert_allclose(found, right, atol=1e-6, rtol=0)


def _session(sized: Preprocessing) -> Any:
    graph = Graph()
    shape = ["n", "height", "width", sized.channels]
    ready = preprocess(graph, graph.add_input("images", np.uint8, shape), sized)
    return session_of(graph, ready, np.float32, n_axes=4)
