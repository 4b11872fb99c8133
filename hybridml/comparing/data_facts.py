"""What has to be known of inputs and targets to believe a comparison of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.comparing.data import Data
from hybridml.comparing.splits import Fold

_TINY_CLASS = 10
_IMBALANCE = 5.0
_N_LISTED = 20


def describe_data(data: Data) -> dict[str, str]:
    """Word the size of the task.

    Returns
    -------
    facts : dict of {str: str}
        By what they are about.
    """
    targets, rows = data.targets, f"{data.noun}s"
    n_train = {len(train) for train, _ in data.folds}
    n_test = {len(test) for _, test in data.folds}
    facts = {
        rows: f"{len(targets):,}",
        "folds": f"{len(data.folds)}, learned on {_range(n_train)}, tested on "
        f"{_range(n_test)} {rows}",
    }
    if data.task == "classification":
        classes, counts = np.unique(targets, return_counts=True)
        named = zip(classes.tolist(), counts.tolist(), strict=True)
        facts["classes"] = str(len(classes))
        facts[f"{rows} a class"] = _list_some([f"{name}: {n}" for name, n in named])
    elif data.task == "multilabel":
        facts["labels"] = str(targets.shape[1])
        facts[f"{rows} with each"] = _list_some([str(n) for n in targets.sum(axis=0)])
    else:
        low, mean, high = targets.min(), targets.mean(), targets.max()
        facts["targets"] = f"{low:g} to {high:g}, mean {mean:.3g}"
    return facts


def find_warnings(data: Data) -> list[str]:
    """Word what makes scores of these rows less than they seem.

    Returns
    -------
    warnings : list of str
        Sentences: duplicates on both sides of a split, duplicates whose targets differ,
        classes with few rows, classes of very different sizes.
    """
    rows = f"{data.noun}s"
    found = [
        *_duplicates(data.folds, data.digests, rows),
        *_contradictions(data.targets, data.digests, rows),
    ]
    if data.task == "classification":
        found += _class_sizes(data.targets, rows)
    return found


def _duplicates(
    folds: Sequence[Fold], digests: Sequence[bytes], rows: str
) -> list[str]:
    content = np.array([digest.hex() for digest in digests])
    leaked = [np.isin(content[test], content[train]).sum() for train, test in folds]
    if not any(leaked):
        return []
    return [
        f"Up to {max(leaked)} test {rows} of a fold are also among its training "
        f"{rows}, byte for byte: scores are too good. Remove the duplicates."
    ]


def _contradictions(
    targets: npt.NDArray[Any], digests: Sequence[bytes], rows: str
) -> list[str]:
    said: dict[bytes, set[str]] = {}
    for digest, target in zip(digests, targets, strict=True):
        said.setdefault(digest, set()).add(repr(target.tolist()))
    n_torn = sum(len(targets_of) > 1 for targets_of in said.values())
    if not n_torn:
        return []
    return [
        f"{rows.capitalize()} that occur several times with different targets: "
        f"{n_torn}. No model can be right each time."
    ]


def _class_sizes(targets: npt.NDArray[Any], rows: str) -> list[str]:
    counts = Counter(targets.tolist())
    tiny = [f"{name} ({n})" for name, n in counts.items() if n < _TINY_CLASS]
    found = []
    if tiny:
        more = f" and {len(tiny) - 5} more" if len(tiny) > 5 else ""
        found.append(
            f"Classes with fewer than {_TINY_CLASS} {rows}: "
            f"{', '.join(tiny[:5])}{more}. What is said of them is hardly sure."
        )
    ratio = max(counts.values()) / min(counts.values())
    if ratio >= _IMBALANCE:
        found.append(
            f"The largest class has {ratio:.0f} times as many {rows} as the smallest: "
            "accuracy hides errors on small ones. Compare with "
            "scoring='balanced_accuracy', too."
        )
    return found


def _list_some(words: Sequence[str]) -> str:
    more = f" and {len(words) - _N_LISTED} more" if len(words) > _N_LISTED else ""
    return f"{', '.join(words[:_N_LISTED])}{more}"


def _range(sizes: set[int]) -> str:
    low, high = min(sizes), max(sizes)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
