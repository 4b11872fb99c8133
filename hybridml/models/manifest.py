"""hybridml.json: what a saved model is, and the digests of its files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hybridml.exceptions import ModelError

FORMAT = 1
NAME = "hybridml.json"
_TOLD = ("hybridml", "scikit-learn", "torch", "torchvision", "numpy", "skops")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What is known of a saved model without loading it.

    Attributes
    ----------
    estimator : str
        Name of its class.
    task : {"classification", "multilabel", "regression"}
    classes : list
        Of a classification, in the order of the probabilities.
    inputs : list of dict
        Name and kind ("image", "sound" or "value") of each column that it reads.
    takes_table : bool
        Whether it is given a table with these columns, or the images alone.
    networks : list of dict
        The pretrained networks that it refers to: backbone, weights, digest, and the
        file of the weights where they were embedded.
    versions : dict of {str: str}
        Of the packages that it was saved with.
    files : dict of {str: str}
        SHA-256 of each file beside this one.
    trusted : list of str
        Types beyond `hybridml.models.trusted.TRUSTED` that it holds. Whoever loads it
        has to trust them again.
    format : int
    """

    estimator: str
    task: str
    classes: list[Any]
    inputs: list[dict[str, Any]]
    takes_table: bool
    networks: list[dict[str, Any]]
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    trusted: list[str] = field(default_factory=list)
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Write the manifest into a folder."""
        text = json.dumps(asdict(self), indent=2, allow_nan=False)
        (folder / NAME).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a folder.

        Raises
        ------
        ModelError
            If there is none, or not one that this version can read.
        """
        try:
            said = json.loads((folder / NAME).read_text(encoding="utf-8"))
            if not isinstance(said, dict):
                raise ModelError(f"{NAME} holds no object")
            if said.get("format") != FORMAT:
                by = dict(said.get("versions") or {}).get("hybridml", "another version")
                raise ModelError(
                    f"it has format {said.get('format')!r}, of hybridml {by}; this "
                    f"version reads format {FORMAT}. Save it again with this one"
                )
            found = cls(**said)
            found._check()
            return found
        except (OSError, ValueError, TypeError) as exc:
            raise ModelError(
                f"Cannot load a model from {str(folder)!r}: {exc}."
            ) from exc

    def _check(self) -> None:
        """Refuse what does not hang together.

        Raises
        ------
        ValueError
        """
        for name, kind in (("files", dict), ("versions", dict), ("inputs", list)):
            if not isinstance(getattr(self, name), kind):
                raise ValueError(f"{name} is no {kind.__name__}")
        if not self.inputs or not {"estimator.skops"} <= self.files.keys():
            raise ValueError("it names no inputs, or no estimator.skops")
        embedded = {told.get("file") for told in self.networks} - {None}
        if not embedded <= self.files.keys():
            raise ValueError("it names weights that do not belong to it")

    def check_files(self, folder: Path) -> None:
        """Compare the files of a folder with their digests.

        Raises
        ------
        ModelError
            Naming each file that is missing, was changed, or does not belong here.
        """
        found = digest_files(folder)
        wrong = [f"{name} is missing" for name in self.files if name not in found]
        wrong += [
            f"{name} was changed"
            for name, digest in self.files.items()
            if found.get(name, digest) != digest
        ]
        wrong += [f"{name} does not belong to it" for name in found.keys() - self.files]
        if wrong:
            raise ModelError(
                f"The model in {str(folder)!r} is not what was saved: "
                f"{', '.join(sorted(wrong))}. Save it again, or get an intact copy."
            )


def digest_files(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below a folder but the manifest, by its path there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): digest_file(path)
        for path in paths
        if path != folder / NAME
    }


def digest_file(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def current_versions() -> dict[str, str]:
    """Versions of the packages that a model depends on."""
    return {package: version(package) for package in _TOLD}
