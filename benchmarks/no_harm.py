"""Does fine-tuning do harm? Cases 2 and 3 against the linear probe, over five seeds.

With its defaults, fine-tuning should on average be no more than half a point worse than
the probe (case 1) of the same network, whatever the images. And where images are unlike
photos, fine-tuning everything should be worth it: at least five points.

- cats_vs_dogs: the network has seen hundreds of kinds of cats and dogs.
- spoken_digits: spectrograms of voices, of which it has seen none.

Each seed splits anew, a quarter to be judged by. Recordings are split within each digit
and speaker, as the set's own split does: all six voices are heard in training. With
`--by-speaker` one voice is judged by, which the others do not sound like.
"""

from __future__ import annotations

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from spectrograms import read_spoken_digits

from hybridml import DeepFeatureExtractor, FineTuneClassifier, load_image_folder

PROBE, CASE_2, CASE_3 = "probe", "case 2 (last2)", "case 3 (all)"
SCOPES = {CASE_2: "last2", CASE_3: "all"}
CS = (0.0001, 0.001, 0.01, 0.1, 1.0)
PHOTOS, SOUNDS = "cats_vs_dogs", "spoken_digits"
TEST_FRACTION = 0.25


@dataclass(frozen=True)
class Task:
    """Images to tell apart, and what has to be spread evenly over a split.

    Attributes
    ----------
    images : ndarray of shape (n_images, ...)
    labels : ndarray of shape (n_images,), str
    voices : ndarray of shape (n_images,), str, or None
        Who speaks.
    """

    images: npt.NDArray[Any]
    labels: npt.NDArray[np.str_]
    voices: npt.NDArray[np.str_] | None = None

    def split(self, seed: int, by_speaker: bool) -> list[npt.NDArray[np.intp]]:
        """Positions to learn from, and positions to be judged by."""
        every = np.arange(len(self.labels))
        if self.voices is not None and by_speaker:
            voices = np.unique(self.voices)
            is_judged = self.voices == voices[seed % len(voices)]
            return [every[~is_judged], every[is_judged]]
        groups = self.labels
        if self.voices is not None:
            groups = np.char.add(self.labels, self.voices)
        parts = train_test_split(
            every, test_size=TEST_FRACTION, stratify=groups, random_state=seed
        )
        return list(parts)


def main() -> None:
    """Run all that is asked for, and print a table for each set of images."""
    args = _parse()
    for name in args.tasks:
        task = READERS[name](args)
        rows = [_accuracies(task, seed, args) for seed in range(args.seeds)]
        table = pd.DataFrame(rows, index=pd.RangeIndex(args.seeds, name="seed"))
        _print_results(name, task, 100 * table)


def read_photos(args: Namespace) -> Task:
    """List the photos of all the splits."""
    folder = args.data / PHOTOS
    parts = [load_image_folder(folder / split) for split in ("train", "val")]
    paths = [path for part, _ in parts for path in part]
    labels = np.concatenate([labels for _, labels in parts])[:: args.every]
    return Task(np.array(paths, dtype=object)[:: args.every], labels)


def read_sounds(args: Namespace) -> Task:
    """Draw the spectrograms of the recordings."""
    found = read_spoken_digits(args.data / SOUNDS / "recordings")
    chosen = slice(None, None, args.every)
    return Task(found.images[chosen], found.digits[chosen], found.speakers[chosen])


READERS = {PHOTOS: read_photos, SOUNDS: read_sounds}


def _accuracies(task: Task, seed: int, args: Namespace) -> dict[str, float]:
    learned, judged = task.split(seed, args.by_speaker)
    common = {
        "backbone": args.backbone,
        "weights": args.weights,
        "image_size": args.image_size,
        "random_state": seed,
    }
    models: dict[str, Any] = {PROBE: _probe(common)}
    for name, trainable in SCOPES.items():
        tuned = FineTuneClassifier(trainable=trainable, **common)
        if args.augmentation is not None:
            tuned.set_params(augmentation=args.augmentation)
        models[name] = tuned
    found = {}
    for name, model in models.items():
        model.fit(task.images[learned], task.labels[learned])
        found[name] = model.score(task.images[judged], task.labels[judged])
        print(f"seed {seed}, {name}: {found[name]:.4f}", flush=True)
    return found


def _probe(common: dict[str, Any]) -> GridSearchCV:
    """Make the best probe of a few strengths, by cross-validation in the training."""
    pipeline = make_pipeline(
        DeepFeatureExtractor(**common),
        StandardScaler(),
        LogisticRegression(max_iter=2000),
    )
    return GridSearchCV(pipeline, {"logisticregression__C": list(CS)}, cv=5)


def _print_results(name: str, task: Task, table: pd.DataFrame) -> None:
    n_classes = len(np.unique(task.labels))
    print(f"\n{name}: {len(task.labels)} images, {n_classes} classes, accuracy in %")
    with_means = pd.concat([table, table.mean().to_frame("mean").T])
    print(with_means.round(2).to_string())
    for case in SCOPES:
        gain = table[case] - table[PROBE]
        error = gain.std() / np.sqrt(len(gain)) if len(gain) > 1 else float("nan")
        print(
            f"{name}: {case} is {gain.mean():+.2f} points from the probe "
            f"(standard error {error:.2f}, worst seed {gain.min():+.2f})"
        )
    print(flush=True)


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("data", type=Path, help="folder with cats_vs_dogs and spoken_digits in it")
    add("--tasks", nargs="+", choices=READERS, default=list(READERS))
    add("--backbone", default="efficientnet_lite0", help="of all three")
    add("--weights", default="default", help="of the backbone")
    add("--image-size", type=int, default=128, help="pixels")
    add("--augmentation", help="of fine-tuning; None: its default")
    add("--by-speaker", action="store_true", help="judge by a voice not heard before")
    add("--seeds", type=int, default=5, help="how many splits")
    add("--every", type=int, default=1, help="take one image in so many; at most 5")
    return parser.parse_args()


if __name__ == "__main__":
    main()
