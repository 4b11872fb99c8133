"""Fine-tuning by hand, as most people who take care write it, and with skorch.

Photos are decoded by a DataLoader's workers in every epoch, varied and normalised by
torchvision's transforms, and learned from in float32. What is frozen needs no gradients
and keeps its batch norms' statistics.
"""

from __future__ import annotations

import time
from typing import Any, Self

import torch
from by_hand import IMAGENET
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import models, transforms

from hybridml.backbones.registry import get_backbone
from hybridml.finetune.learning.freezing import freeze_all_but

LEARNING_RATE = 1e-4
AUGMENTATIONS = ("none", "standard")


class LabelledJpegFiles(Dataset):
    """Photos as a network's input, and the numbers of their classes."""

    def __init__(self, paths: list[str], targets: list[int], augmentation: str) -> None:
        self.paths = paths
        self.targets = targets
        self.transform = training_transform(augmentation)

    def __len__(self) -> int:
        """Count the photos."""
        return len(self.paths)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        """Decode one photo."""
        with Image.open(self.paths[position]) as image:
            pixels: Tensor = self.transform(image.convert("RGB"))
        return pixels, self.targets[position]


def training_transform(augmentation: str) -> transforms.Compose:
    """Crop the middle, or vary photos as far as hybridml's "standard" does."""
    varied = [
        transforms.RandomAffine(0, translate=(0.08, 0.08), scale=(0.9, 1.1)),
        transforms.RandomHorizontalFlip(),
        transforms.ColorJitter(brightness=0.2, contrast=0.2),
    ]
    return transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            *(varied if augmentation == "standard" else []),
            transforms.ToTensor(),
            transforms.Normalize(**IMAGENET),
        ]
    )


class Tunable(nn.Module):
    """A network whose batch norms keep their statistics, also while it learns."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits."""
        logits: Tensor = self.network(images)
        return logits

    def train(self, mode: bool = True) -> Self:
        """Set the mode of everything but the batch norms."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


def network_to_tune(
    name: str, state: dict[str, Tensor], trainable: str, n_classes: int
) -> Tunable:
    """Build torchvision's network with given weights and a new head.

    Parameters
    ----------
    name : str
        A backbone of hybridml that is a network of torchvision.
    state : dict of {str: Tensor}
    trainable : str
        What learns, as in `FineTuneClassifier`, so that both learn the same.
    n_classes : int
    """
    network: nn.Module = models.get_model(name, weights=None)
    network.load_state_dict(state)
    freeze_all_but(network, get_backbone(name), trainable)
    *parts, last = _last_linear(network).split(".")
    parent = network.get_submodule(".".join(parts))
    n_features = parent.get_submodule(last).in_features
    setattr(parent, last, nn.Linear(n_features, n_classes))
    return Tunable(network)


def train_by_hand(
    network: nn.Module, photos: LabelledJpegFiles, *, epochs: int, **loading: Any
) -> list[float]:
    """Train in a loop, and return the seconds of each epoch.

    Parameters
    ----------
    network : nn.Module
        Its parameters that need a gradient are changed.
    photos : LabelledJpegFiles
    epochs : int
    **loading
        Of the DataLoader: batch_size, num_workers.
    """
    loader = DataLoader(photos, shuffle=True, **loading, **_persistent(loading))
    learned = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=LEARNING_RATE, fused=True)
    network.train()
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        for images, targets in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(images), targets)
            loss.backward()
            optimizer.step()
        seconds.append(time.perf_counter() - started)
    return seconds


def train_with_skorch(
    network: nn.Module, photos: LabelledJpegFiles, *, epochs: int, **loading: Any
) -> list[float]:
    """Train with skorch's classifier, and return the seconds of each epoch.

    Parameters
    ----------
    network, photos, epochs, **loading
        As for `train_by_hand`.
    """
    from skorch import NeuralNetClassifier

    options = {**loading, **_persistent(loading)}
    classifier = NeuralNetClassifier(
        network,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__fused=True,
        lr=LEARNING_RATE,
        max_epochs=epochs,
        batch_size=options.pop("batch_size"),
        iterator_train__shuffle=True,
        **{f"iterator_train__{name}": value for name, value in options.items()},
        train_split=None,
        verbose=0,
    )
    classifier.fit(photos, y=None)
    return [float(seconds) for seconds in classifier.history[:, "dur"]]


def _persistent(loading: dict[str, Any]) -> dict[str, bool]:
    """Keep the workers from one epoch to the next, where there are any."""
    return {"persistent_workers": loading["num_workers"] > 0}


def _last_linear(network: nn.Module) -> str:
    linear = [n for n, m in network.named_modules() if isinstance(m, nn.Linear)]
    return linear[-1]
