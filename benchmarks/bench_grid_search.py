"""What a grid search over cut layers costs: with the store, by hand, without a store.

5 cut layers x 3 values of C x 5 folds are 75 fits, and one more of the best on all
photos. With the store each photo goes through the network once. By hand, one pass of
the same network gives a matrix for each layer, and each matrix is searched: what the
store may cost is seen against that. Without a store every fit and every score runs the
network: on fewer photos unless --few says otherwise, since it is slow.
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from ceilings import decode_only
from interleaved import Seconds, measure, print_machine, print_table, ratio
from photo_files import photo_files
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from hybridml import DeepFeatureExtractor, FeatureStore, make_head
from hybridml.backbones.loading import load_network

CUT_LAYERS = ("stage2", "stage3", "stage5", "stage7", "penultimate")
CS = (0.0003, 0.003, 0.03)
FOLDS = 5

EMPTY, FILLED = "store, empty at first", "store, filled"
BY_HAND = "by hand: one pass, then matrices"
FEW_STORED, FEW_UNSTORED = "few photos: store, empty at first", "few photos: no store"


@dataclass(frozen=True)
class Task:
    """Photos to search on, the size that the network sees them in, and its device."""

    paths: list[str]
    labels: list[str]
    image_size: int | None
    device: str

    def first(self, n_photos: int) -> Task:
        """Return the same task with fewer photos."""
        paths, labels = self.paths[:n_photos], self.labels[:n_photos]
        return replace(self, paths=paths, labels=labels)


def search_with_store(task: Task, folder: str | None = None) -> float:
    """Search with a store that is empty at first, unless one is named."""
    with tempfile.TemporaryDirectory() as scratch:
        store = FeatureStore(folder or scratch)
        best = _search(task, store)
        if folder is None and store.stats()["images_forwarded"] != len(task.paths):
            raise SystemExit("The store did not forward each photo once.")
        store.close()
        return best


def search_without_store(task: Task) -> float:
    """Search with features that are computed again for every fit and score."""
    return _search(task, None)


def search_by_hand(task: Task) -> float:
    """Compute the features of all layers in one pass, then search on each matrix."""
    searches = {}
    for name, matrix in _one_pass(task).items():
        search = GridSearchCV(
            _head(), {"head__C": list(CS)}, cv=FOLDS, refit=False, error_score="raise"
        )
        searches[name] = search.fit(matrix, task.labels), matrix
    best, matrix = max(searches.values(), key=lambda found: _best_score(found[0]))
    row = best.cv_results_["rank_test_score"].argmin()
    _head().set_params(**best.cv_results_["params"][row]).fit(matrix, task.labels)
    return _best_score(best)


def main() -> None:
    """Measure, and print the table and the ratios."""
    args = _parse()
    print_machine(args.device)
    with tempfile.TemporaryDirectory() as scratch:
        paths, labels = photo_files(args.folder, args.photos, Path(scratch))
        task = Task(paths, labels, args.image_size, args.device)
        few = task.first(args.few)
        with tempfile.TemporaryDirectory() as filled:
            _check_and_warm_up(task, filled)
            calls = {
                EMPTY: partial(search_with_store, task),
                BY_HAND: partial(search_by_hand, task),
                FILLED: partial(search_with_store, task, filled),
                FEW_STORED: partial(search_with_store, few),
                FEW_UNSTORED: partial(search_without_store, few),
            }
            seconds = measure(calls, args.rounds)
    n_photos, n_few = len(task.paths), len(few.paths)
    print_table(seconds, {name: n_few if "few" in name else n_photos for name in calls})
    _print_ratios(seconds, n_photos, n_few)


def _print_ratios(seconds: Seconds, n_photos: int, n_few: int) -> None:
    unstored = ratio(seconds, FEW_UNSTORED, FEW_STORED)
    print(f"ratio: no store takes {unstored:.1f} times as long, {n_few} photos each")
    scaled = ratio(seconds, FEW_UNSTORED, EMPTY) * n_photos / n_few
    if n_few < n_photos:
        print(
            f"ratio: by photo, no store takes {scaled:.1f} times as long as the store "
            f"with {n_photos} (an estimate from {n_few}, on the high side)"
        )
    print(
        f"ratio: the store takes {ratio(seconds, EMPTY, BY_HAND):.2f} times as long as "
        f"by hand when it is empty at first, {ratio(seconds, FILLED, BY_HAND):.2f} "
        "times when it is filled"
    )


def _search(task: Task, store: FeatureStore | None) -> float:
    extractor = DeepFeatureExtractor(
        image_size=task.image_size, store=store, device=task.device
    )
    pipeline = Pipeline([("features", extractor), ("head", _head())])
    grid = {"features__cut_layer": list(CUT_LAYERS), "head__head__C": list(CS)}
    search = GridSearchCV(pipeline, grid, cv=FOLDS, error_score="raise")
    return float(search.fit(task.paths, task.labels).best_score_)


def _one_pass(task: Task) -> dict[str, np.ndarray]:
    network = load_network(
        "efficientnet_lite0", image_size=task.image_size, device=task.device
    )
    stages = tuple(network.find(name) for name in CUT_LAYERS)
    return network.features(decode_only(network, task.paths), stages, "mean")


def _best_score(search: GridSearchCV) -> float:
    return float(search.cv_results_["mean_test_score"].max())


def _head() -> Pipeline:
    return make_head("linear_svm", random_state=0)


def _check_and_warm_up(task: Task, kept: str) -> None:
    """Load the network, fill the kept store, and see that all find the same score."""
    few = task.first(20)
    found = {search_with_store(few), search_by_hand(few), search_without_store(few)}
    if len(found) > 1:
        raise SystemExit(f"The searches do not agree on the best score: {found}")
    search_with_store(task, kept)


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--folder", type=Path, help="photos, one folder per class; None generates them")
    add("--photos", type=int, default=200, help="how many photos")
    add("--few", type=int, default=20, help="how many where there is no store")
    add("--image-size", type=int, help="input side in pixels; None: the weights' own")
    add("--device", default="cpu", help="where the network runs, as PyTorch calls it")
    add("--rounds", type=int, default=3, help="how often each is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
