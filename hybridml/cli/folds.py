"""On which images a comparison learns, and on which it is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybridml.exceptions import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from hybridml.cli.collection import Collection

DEFAULT_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Folds:
    """What a comparison gets.

    Attributes
    ----------
    images, labels : ndarray of shape (n_images,)
        As in the collection.
    cv : int, or list of one (train, scored) pair of positions
    n_folds : int
    said : str
        The same in words.
    n_classes : int
        0 for a regression.
    """

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    cv: Any
    n_folds: int
    said: str
    n_classes: int


def choose_folds(collection: Collection, cv: int | None, task: str = "auto") -> Folds:
    """Use the collection's own split as given, else folds (stratified for classes).

    Learns on train; scores on val, or on test where there is no val. Test images beside
    val take no part. An explicit number of folds goes before the split.
    """
    from hybridml.comparing.tasks import find_task

    assert collection.labels is not None
    has_classes = find_task(collection.labels, task) == "classification"
    if collection.splits is None:
        return _cross_validated(collection, cv, (), has_classes)
    n_images = {name: len(collection.of(name)) for name in ("train", "val", "test")}
    scored = "val" if n_images["val"] else "test"
    if cv is None and n_images["train"] and n_images[scored]:
        return _as_given(collection, scored, n_images["test"], has_classes)
    used = [name for name in ("train", "val") if n_images[name]]
    return _cross_validated(collection, cv, used or ["test"], has_classes)


def _as_given(
    collection: Collection, scored: str, n_test: int, has_classes: bool
) -> Folds:
    import numpy as np

    assert collection.labels is not None
    noun = f"{collection.noun}s"
    kept = collection.of("train", scored)
    is_train = np.isin(kept, collection.of("train"))
    labels = collection.labels[kept]
    if has_classes:
        _check_known(labels[is_train], labels[~is_train], scored, noun)
    pair = (np.flatnonzero(is_train), np.flatnonzero(~is_train))
    said = (
        f"Its own split, as given: learned on {len(pair[0])} {noun} (train), scored on "
        f"{len(pair[1])} ({scored})."
    )
    if scored == "val" and n_test:
        said = f"{said} The {n_test} test {noun} take no part."
    n_classes = _count_classes(labels, has_classes)
    return Folds(collection.images[kept], labels, [pair], 1, said, n_classes)


def _cross_validated(
    collection: Collection, cv: int | None, used: Sequence[str], has_classes: bool
) -> Folds:
    assert collection.labels is not None
    images, labels = collection.images, collection.labels
    n_folds = DEFAULT_FOLDS if cv is None else cv
    said = f"{n_folds}-fold cross-validation{', stratified' if has_classes else ''}"
    if used:
        kept = collection.of(*used)
        images, labels = images[kept], labels[kept]
        said = f"{said}, of the {len(kept)} {collection.noun}s of {' and '.join(used)}"
    n_classes = _count_classes(labels, has_classes)
    return Folds(images, labels, n_folds, n_folds, f"{said}.", n_classes)


def _count_classes(labels: npt.NDArray[Any], has_classes: bool) -> int:
    return len({str(label) for label in labels}) if has_classes else 0


def _check_known(
    learned: npt.NDArray[Any], scored: npt.NDArray[Any], name: str, noun: str
) -> None:
    unknown = sorted({str(label) for label in scored} - {str(x) for x in learned})
    if unknown:
        shown = ", ".join(repr(label) for label in unknown[:5])
        raise DataError(
            f"The {noun} of {name} have labels that none of train has: {shown}. Leave "
            f"them out, or add such {noun} to train."
        )
