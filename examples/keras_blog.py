"""Little data, three ways: from scratch, bottleneck features, fine-tuning.

The best-known example of transfer, with hybridml: F. Chollet, "Building powerful image
classification models using very little data", The Keras Blog, 2016. There, 2,000 photos
of cats and dogs, VGG16 and 150 pixels gave about 80 %, 90 to 91 % and 94 %. For photos
of your own, and the network of the blog (in minutes; it is downloaded if no file is
named):

    python keras_blog.py photos --backbone vgg16 --weights vgg16.pth

where `photos` holds the folders train and val, each with one folder per class. Without
a folder it shows itself on pieces of two photos, in seconds, with the network that
needs no download.
"""

from argparse import ArgumentParser
from pathlib import Path

import numpy as np
from sklearn.datasets import load_sample_images
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from hybridml import (
    DeepFeatureExtractor,
    FineTuneClassifier,
    load_image_folder,
    make_head,
)

IMAGE_SIZE = 150
THE_BLOG_SAYS = {
    "from scratch": "about 80 %",
    "bottleneck features": "90 to 91 %",
    "fine-tuning the last block": "94 %",
}
# Where the convolutions end (the bottleneck), and where their last block begins.
CUTS = {"vgg16": ("block5", "block4"), "efficientnet_lite0": ("stage7", "stage6")}


def from_scratch(epochs):
    """Make a small convnet that has seen no other photo."""
    return FineTuneClassifier(
        "convnet3",
        weights=None,
        image_size=IMAGE_SIZE,
        epochs=epochs,
        batch_size=16,
        dropout=0.5,
        validation_fraction=0,  # so few photos all learn; the last epoch counts
        random_state=0,
    )


def bottleneck_features(backbone, weights):
    """Put a head on the mean activations of the last convolutions, and search its C.

    The search cross-validates on the training photos: the others stay unseen. Each
    photo goes through the network once.
    """
    bottleneck, _ = CUTS[backbone]
    extractor = DeepFeatureExtractor(
        backbone,
        cut_layer=bottleneck,
        pooling="mean",
        weights=weights,
        image_size=IMAGE_SIZE,
    )
    head = make_head("logistic", max_iter=2000)
    grid = {"pipeline__head__C": [0.0001, 0.001, 0.01, 0.1]}
    return GridSearchCV(make_pipeline(extractor, head), grid, cv=5)


def fine_tuning(backbone, weights, epochs):
    """Let the last block and the head learn, slowly, from varied photos.

    Unless that is clearly better on a tenth of the photos, the head stays what it was.
    """
    _, last_frozen = CUTS[backbone]
    return FineTuneClassifier(
        backbone,
        trainable=last_frozen,
        weights=weights,
        image_size=IMAGE_SIZE,
        epochs=epochs,
        augmentation="standard",
        random_state=0,
    )


def pieces_of_two_photos():
    """Pieces cut out at random, half of them to learn from."""
    rng = np.random.default_rng(0)
    photos = dict(zip(["temple", "flower"], load_sample_images().images, strict=True))
    pieces, labels = [], []
    for name, photo in photos.items():
        for _ in range(32):
            top, left = rng.integers(np.array(photo.shape[:2]) - 250)
            pieces.append(photo[top : top + 250, left : left + 250])
            labels.append(name)
    return pieces[::2], labels[::2], pieces[1::2], labels[1::2]


parser = ArgumentParser(description="Little data, three ways.")
parser.add_argument("folder", nargs="?", type=Path, help="with train and val in it")
parser.add_argument("--backbone", choices=CUTS, default="efficientnet_lite0")
parser.add_argument(
    "--weights", default="default", help="a file; else they are fetched"
)
args = parser.parse_args()

if args.folder is None:
    X_train, y_train, X_test, y_test = pieces_of_two_photos()
    scratch_epochs, tuning_epochs = 5, 1
else:
    X_train, y_train = load_image_folder(args.folder / "train")
    X_test, y_test = load_image_folder(args.folder / "val")
    scratch_epochs, tuning_epochs = 50, 5

models = {
    "from scratch": from_scratch(scratch_epochs),
    "bottleneck features": bottleneck_features(args.backbone, args.weights),
    "fine-tuning the last block": fine_tuning(
        args.backbone, args.weights, tuning_epochs
    ),
}
print(f"{len(X_train)} photos to learn from, {len(X_test)} to be judged by")
for name, model in models.items():
    accuracy = model.fit(X_train, y_train).score(X_test, y_test)
    print(f"{name:28}{accuracy:6.1%}   (the blog: {THE_BLOG_SAYS[name]})", flush=True)
