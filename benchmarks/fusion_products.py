"""What fusing photos, attributes and names of products gains, and what gaps cost.

    python benchmarks/fusion_products.py DATA --store STORE

DATA holds fashion_multimodal, with its own split into train and test rows. For each
target (season, usage, gender), from image and table, and with the product's name, too:

- the accuracy of each modality alone, and of every kind of fusion;
- "gaps": the accuracy where 30 % of the images, and 30 % of the names, are taken away
  from the test rows, beside that of the same estimator trained without those columns;
- "blind": the accuracy where one modality is missing in all test rows, beside that of
  the same estimator trained without it.
"""

from __future__ import annotations

import json
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from hybridml import (
    DeepFeatureExtractor,
    EarlyFusionClassifier,
    IntermediateFusionClassifier,
    LateFusionClassifier,
)
from hybridml.fusion.late.sharing import share_members

TARGETS = ("season", "usage", "gender")
SETS = (("image", "table"), ("image", "table", "name"))
GAPS = 0.3
KINDS: dict[str, Any] = {
    "early": lambda mods: EarlyFusionClassifier(mods),
    "late, stack": lambda mods: LateFusionClassifier(mods, combine="stack"),
    "late, weighted": lambda mods: LateFusionClassifier(mods, combine="weighted"),
    "late, mean": lambda mods: LateFusionClassifier(mods, combine="mean"),
    "intermediate, gated": lambda mods: IntermediateFusionClassifier(
        mods, method="gated"
    ),
}


def main() -> None:
    """Print a line of JSON for each estimator."""
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder with fashion_multimodal in it")
    parser.add_argument("--store", type=Path, required=True, help="folder of features")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    train, test = read_products(args.data)
    for target in args.targets:
        with share_members():  # the late fusions of a target have the same ones
            for names in SETS:
                for row in evaluate(train, test, target, names, args.kinds, args.store):
                    named = {"target": target, "from": names, **row}
                    print(json.dumps(named), flush=True)


def read_products(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the training rows and the test rows; images as paths."""
    folder = data / "fashion_multimodal"
    table = pd.read_csv(folder / "manifest.csv")
    table["image"] = [str(folder / name) for name in table["image"]]
    split = table.pop("split")
    return table[split == "train"], table[split == "test"]


@cache
def modalities_of(target: str, names: tuple[str, ...], store: Path) -> list[Any]:
    """List the modalities that tell of a target."""
    attributes = ["articleType", "baseColour", "year"]
    attributes += [name for name in TARGETS if name != target]
    every = {
        "image": ("image", DeepFeatureExtractor(store=store), "image"),
        "table": ("table", "tabular", attributes),
        "name": ("name", "text", "productDisplayName"),
    }
    return [every[name] for name in names]


def evaluate(
    train: pd.DataFrame,
    test: pd.DataFrame,
    target: str,
    names: tuple[str, ...],
    kinds: list[str],
    store: Path,
) -> Iterator[dict[str, Any]]:
    """Score each modality alone, then each kind of fusion, with and without gaps."""
    for name in names:
        alone = _fitted("early", train, target, (name,), store)
        yield {"kind": f"{name} alone", "accuracy": _score(alone, test, target)}
    for kind in kinds:
        model = _fitted(kind, train, target, names, store)
        row = {"kind": kind, "accuracy": _score(model, test, target)}
        fewer = {
            name: _fitted(
                kind, train, target, tuple(n for n in names if n != name), store
            )
            for name in names
        }
        row["blind"] = {
            name: _score(model, _without(test, name, target), target) for name in names
        }
        row["trained without"] = {
            name: _score(fewer[name], test, target) for name in names
        }
        row["gaps"] = _score(model, _with_gaps(test, target), target)
        lost = tuple(name for name in names if name == "table")
        plain = _fitted(kind, train, target, lost, store)
        row["without the columns that have gaps"] = _score(plain, test, target)
        yield row


def _fitted(
    kind: str, train: pd.DataFrame, target: str, names: tuple[str, ...], store: Path
) -> Any:
    model = KINDS[kind](modalities_of(target, names, store))
    return model.fit(train, train[target])


def _score(model: Any, test: pd.DataFrame, target: str) -> float:
    return round(float((model.predict(test) == test[target]).mean()), 4)


def _without(test: pd.DataFrame, name: str, target: str) -> pd.DataFrame:
    columns = modalities_of(target, (name,), Path())[0][2]
    blind = test.astype(object).copy()
    blind[columns] = None
    return blind


def _with_gaps(test: pd.DataFrame, target: str) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    gaps = test.copy()
    for column in ("image", "productDisplayName"):
        gaps[column] = gaps[column].where(rng.random(len(gaps)) >= GAPS, None)
    return gaps


if __name__ == "__main__":
    main()
