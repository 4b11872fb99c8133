"""Two streams: what a film shows, and how it moves, each seen by a network of its own.

A sketch of K. Simonyan and A. Zisserman, "Two-Stream Convolutional Networks for Action
Recognition in Videos", NIPS 2014: one stream sees a single frame, the other the optical
flow, and what both say is averaged behind the softmax (section 2), or stacked, which
the paper found better (section 5). The films here are drawn: a square or a disc that
moves along a row or along a column. A frame does not show where to; the flow shows
that, and of the thing little more than its edges.
"""

import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter
from sklearn.model_selection import train_test_split

from hybridml import DeepFeatureExtractor, LateFusionClassifier

SIDE, SHIFT = 64, 3
WINDOW, NO_EDGE = 15, 30.0  # pixels; added where brightness hardly varies
DIRECTIONS = {"row": np.array([0, 1]), "column": np.array([1, 0])}


def film(what, where_to, rng):
    """Draw two frames, one after the other: gray, with noise."""
    size, start = rng.integers(8, 14), rng.integers(18, 46, size=2)
    step = rng.choice([-SHIFT, SHIFT]) * DIRECTIONS[where_to]
    return [frame(what, start + moved, size, rng) for moved in (0 * step, step)]


def frame(what, centre, size, rng):
    """Draw a bright thing before a dark ground."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - np.reshape(centre, (2, 1, 1))
    inside = {
        "disc": np.hypot(rows, columns) < size,
        "square": np.maximum(abs(rows), abs(columns)) < size,
    }[what]
    return 40.0 + 150.0 * inside + rng.normal(0, 6, inside.shape)


def flow_picture(before, after):
    """Draw the optical flow: red how far to the right, green how far down, blue both.

    The shift that fits best within a window around each pixel: Lucas and Kanade 1981.
    """
    y, x = np.gradient((before + after) / 2)
    change = after - before
    products = (x * x, y * y, x * y, x * change, y * change)
    xx, yy, xy, xt, yt = (uniform_filter(product, WINDOW) for product in products)
    xx, yy = xx + NO_EDGE, yy + NO_EDGE
    right = (xy * yt - yy * xt) / (xx * yy - xy**2)
    down = (xy * xt - xx * yt) / (xx * yy - xy**2)
    picture = [128 + 40 * right, 128 + 40 * down, 60 * np.hypot(right, down)]
    return np.stack(picture, axis=-1).clip(0, 255).astype("uint8")


rng = np.random.default_rng(0)
films, y = [], []
for what in ("disc", "square"):
    for where_to in ("row", "column"):
        for _ in range(20):
            before, after = film(what, where_to, rng)
            films.append(
                (before.clip(0, 255).astype("uint8"), flow_picture(before, after))
            )
            y.append(f"{what} along a {where_to}")
X = pd.DataFrame(films, columns=["frame", "flow"])
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)

stream = DeepFeatureExtractor(cut_layer="stage4", pooling="grid4", image_size=SIDE)
streams = [("appearance", stream, "frame"), ("motion", stream, "flow")]
for modalities in ([streams[0]], [streams[1]], streams):
    names = " and ".join(name for name, _, _ in modalities)
    for combine in ("mean", "stack") if len(modalities) > 1 else ("mean",):
        model = LateFusionClassifier(modalities, combine=combine, head="linear_svm")
        accuracy = model.fit(X_train, y_train).score(X_test, y_test)
        how = f", {combine}" if len(modalities) > 1 else ""
        print(f"{names + how:32} accuracy {accuracy:.2f}", flush=True)
