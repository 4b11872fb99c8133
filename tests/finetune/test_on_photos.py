"""Real photos: fine-tuning the last block is worth it, and never worse than features.

The example behind it is F. Chollet, "Building powerful image classification models
using very little data", The Keras Blog, 2016; see examples/keras_blog.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.pipeline import make_pipeline

from hybridml import (
    DeepFeatureExtractor,
    FineTuneClassifier,
    load_image_folder,
    make_head,
)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_last_block_of_vgg16_learns_from_800_photos(
    shared_data: Path, shared_weights: Path
) -> None:
    photos = shared_data / "cats_vs_dogs"
    weights = str(shared_weights / "vgg16_features_fp16.pt")
    X_train, y_train = load_image_folder(photos / "train")
    X_test, y_test = load_image_folder(photos / "val")
    network = {"weights": weights, "image_size": 150}
    extractor = DeepFeatureExtractor("vgg16", cut_layer="block5", **network)
    bottleneck = make_pipeline(extractor, make_head("logistic", C=0.01, max_iter=2000))
    tuned = FineTuneClassifier("vgg16", trainable="block4", **network)
    scores = [
        model.fit(X_train, y_train).score(X_test, y_test)
        for model in (bottleneck, tuned)
    ]
    assert scores[0] >= 0.94
    assert scores[1] >= max(0.95, scores[0])
