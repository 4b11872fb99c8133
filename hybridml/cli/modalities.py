"""Which columns of a manifest are fused, as what, and under which names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from hybridml.cli.collection import Collection

FILES = ("image", "audio")


@dataclass(frozen=True)
class Asked:
    """A modality that the command line names.

    Attributes
    ----------
    kind : {"image", "audio", "text", "tabular"}
    columns : tuple of str
    """

    kind: str
    columns: tuple[str, ...]


def ask_modalities(**columns_by_kind: Sequence[str] | None) -> list[Asked]:
    """Bring the options into a list; empty ones count as not given.

    Examples
    --------
    >>> ask_modalities(text=None, tabular=["age, weight"])
    [Asked(kind='tabular', columns=('age', 'weight'))]
    """
    asked = [
        Asked(kind, _split(given) if kind == "tabular" else (given.strip(),))
        for kind, options in columns_by_kind.items()
        for given in options or ()
        if given.strip(" ,")
    ]
    return list(dict.fromkeys(asked))


def name_modalities(asked: Sequence[Asked]) -> list[str]:
    """Name modalities by their columns, as short as tells them apart.

    Examples
    --------
    >>> name_modalities([Asked("image", ("photo",)), Asked("tabular", ("age", "kg"))])
    ['photo', 'tabular']
    >>> name_modalities([Asked("text", ("note",)), Asked("tabular", ("note",))])
    ['note (text)', 'note (tabular)']
    """
    n_tables = sum(len(one.columns) > 1 for one in asked)
    names = [
        one.columns[0]
        if len(one.columns) == 1
        else one.kind
        if n_tables == 1
        else " + ".join(one.columns)
        for one in asked
    ]
    counts = Counter(names)
    # Two underscores would be taken for a nested parameter.
    return [
        re.sub("_{2,}", "_", name if counts[name] == 1 else f"{name} ({one.kind})")
        for name, one in zip(names, asked, strict=True)
    ]


def read_rows(
    manifest: Path, asked: Sequence[Asked], *, target: str | None, split: str | None
) -> tuple[pd.DataFrame, Collection]:
    """Read the columns to fuse, what is to be predicted, and the split.

    Returns
    -------
    table : DataFrame of n_rows rows
        Paths of files that exist, texts as str, and all other columns as they are;
        what is missing is missing.
    rows : Collection
        Positions of the rows, with their labels and splits.

    Raises
    ------
    typer.BadParameter
        If there is nothing to fuse.
    DataError, UnknownNameError
        If there is something wrong with the manifest, or with what was said of it.
    """
    import numpy as np

    from hybridml.cli.collection import Collection, read_splits
    from hybridml.images.manifest import load_manifest
    from hybridml.images.table import read_table

    columns = [str(name) for name in read_table(manifest).columns]
    _check(asked, columns, taken={"--target": target, "--split": split})
    files = [c for one in asked if one.kind in FILES for c in one.columns]
    table, labels = load_manifest(
        manifest,
        file_columns=list(dict.fromkeys(files)),
        target=target or _only_one_left(columns, asked, split),
        split_column=split,
    )
    for column in {c for one in asked if one.kind == "text" for c in one.columns}:
        values = table[column]
        table[column] = values.astype(str).astype(object).where(values.notna(), None)
    rows = np.arange(len(table))
    return table, Collection(rows, labels, read_splits(table, split), noun="row")


def make_modalities(
    asked: Sequence[Asked], **network: Any
) -> list[tuple[str, Any, str | list[str]]]:
    """Make what `compare_fusion` takes; parameters of a network go to what has one."""
    names = name_modalities(asked)
    return [
        (
            name,
            _make_encoder(one.kind, network) if one.kind in FILES else one.kind,
            list(one.columns) if one.kind == "tabular" else one.columns[0],
        )
        for name, one in zip(names, asked, strict=True)
    ]


def _make_encoder(kind: str, network: dict[str, Any]) -> Any:
    if not network:
        return kind
    if kind == "image":
        from hybridml.features.extractor import DeepFeatureExtractor

        return DeepFeatureExtractor(**network)
    from hybridml.fusion.encoders import SpectrogramExtractor

    return SpectrogramExtractor(**network)


def _check(
    asked: Sequence[Asked], columns: list[str], taken: dict[str, str | None]
) -> None:
    from hybridml._checks import check_name, list_names

    if not asked:
        raise typer.BadParameter(
            "There is nothing to fuse. Say what the columns are, with --image, --text, "
            f"--audio or --tabular. The columns: {list_names(columns)}."
        )
    for one in asked:
        for column in one.columns:
            expected = f"a column: {list_names(columns)}"
            check_name(one.kind, column, columns, expected=expected)
            for option, other in taken.items():
                if column == other:
                    message = f"{column!r} is fused, and cannot be {option} as well."
                    raise typer.BadParameter(message)


def _only_one_left(
    columns: list[str], asked: Sequence[Asked], split: str | None
) -> str | None:
    """Find the target where there is no choice."""
    taken = {c for one in asked for c in one.columns} | {split or "split"}
    free = [column for column in columns if column not in taken]
    return free[0] if len(free) == 1 else None


def _split(columns: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in columns.split(",") if name.strip())
