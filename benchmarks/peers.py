"""Other libraries that turn photos into features, with ResNet-18 and given weights.

Both fetch published weights when they are built. Here they find given ones on the disk,
where their own parameters or settings of PyTorch say: none of their code is replaced.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from by_hand import BATCH, IMAGENET
from interleaved import is_installed
from PIL import Image
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights

Extract = Callable[[list[str]], np.ndarray]
State = dict[str, Tensor]


@dataclass(frozen=True)
class Peer:
    """Another library's way.

    Attributes
    ----------
    extract : callable
        From paths to features.
    expected : callable or None
        What `extract` has to give; None where that is what all the others give.
    """

    extract: Extract
    expected: Extract | None = None


def installed_peers(network: nn.Module, state: State, device: str) -> dict[str, Peer]:
    """Build the peers that are installed, by name, and print which those are."""
    peers = {}
    if is_installed("embetter", "timm"):
        peers["embetter"] = embetter(state)
        if device != "cpu":
            print("embetter runs on the CPU: its encoder knows no other device")
    if is_installed("img2vec-pytorch"):
        peers["img2vec_pytorch"] = img2vec(network, state, device)
    return peers


def embetter(state: State) -> Peer:
    """Make the pipeline of embetter's documentation.

    Its encoder hands its `name` on to timm, which also takes a local folder by name. It
    leaves the network in training mode, where batch normalisation would make features
    of a photo depend on that photo alone: switched to evaluation here.
    """
    from embetter.vision import ImageLoader, TimmEncoder
    from sklearn.pipeline import make_pipeline

    with _folder() as folder:
        _save_for_timm(state, folder)
        encoder = TimmEncoder(name=f"local-dir:{folder}")
    encoder.model.eval()
    pipeline = make_pipeline(ImageLoader(), encoder)

    def extract(paths: list[str]) -> np.ndarray:
        parts = [pipeline.fit_transform(batch) for batch in _batches(paths)]
        return np.concatenate(parts)

    return Peer(extract)


def img2vec(network: nn.Module, state: State, device: str) -> Peer:
    """Make an Img2Vec, which is given lists of images.

    It squeezes photos to squares where the others cut out their middle: its features
    are compared with those of the plain network on the same squares.
    """
    from img2vec_pytorch import Img2Vec

    where = torch.device(device)
    with _weights_in_hub(state):
        made = Img2Vec(
            cuda=where.type == "cuda", model="resnet18", gpu=where.index or 0
        )

    def extract(paths: list[str]) -> np.ndarray:
        return np.concatenate([made.get_vec(_open(b)) for b in _batches(paths)])

    def expected(paths: list[str]) -> np.ndarray:
        squares = torch.stack([made.transforms(image) for image in _open(paths)])
        with torch.inference_mode():
            return network(squares.to(device)).cpu().numpy()

    return Peer(extract, expected)


def _batches(paths: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(paths), BATCH):
        yield paths[start : start + BATCH]


def _open(paths: list[str]) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in paths]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _save_for_timm(state: State, folder: Path) -> None:
    """Write what timm finds in a folder: the weights, and how photos are to be seen."""
    torch.save(state, folder / "pytorch_model.bin")
    seen = {
        "input_size": [3, 224, 224],
        "crop_pct": 224 / 256,
        "interpolation": "bilinear",
        "num_classes": 1000,
        "first_conv": "conv1",
        "classifier": "fc",
        **IMAGENET,
    }
    config = {"architecture": "resnet18", "pretrained_cfg": seen}
    (folder / "config.json").write_text(json.dumps(config))


@contextmanager
def _weights_in_hub(state: State) -> Iterator[None]:
    """Have PyTorch find the weights where it keeps those that it has downloaded."""
    before = torch.hub.get_dir()
    with _folder() as folder:
        name = ResNet18_Weights.DEFAULT.url.rpartition("/")[2]
        (folder / "checkpoints").mkdir()
        torch.save(state, folder / "checkpoints" / name)
        torch.hub.set_dir(folder)
        try:
            yield
        finally:
            torch.hub.set_dir(before)
