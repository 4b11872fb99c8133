"""Features of photos by hand, as most people who take care write it.

Pillow, torchvision's transforms, a DataLoader and the network in float32.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.models import resnet18

BATCH = 64
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


class JpegFiles(Dataset):
    """Photos as a network's input, by path."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        self.transform = transforms.Compose(
            [
                transforms.Resize(256),
                transforms.CenterCrop(224),
                transforms.ToTensor(),
                transforms.Normalize(**IMAGENET),
            ]
        )

    def __len__(self) -> int:
        """Count the photos."""
        return len(self.paths)

    def __getitem__(self, position: int) -> Tensor:
        """Decode one photo."""
        with Image.open(self.paths[position]) as image:
            pixels: Tensor = self.transform(image.convert("RGB"))
            return pixels


def plain_network(state: dict[str, Tensor], device: str) -> nn.Module:
    """Build torchvision's network with given weights, up to the pooled features."""
    network: nn.Module = resnet18(weights=None)
    network.load_state_dict(state)
    network.fc = nn.Identity()
    return network.eval().to(device)


def by_hand(
    network: nn.Module, n_workers: int, device: str, paths: list[str]
) -> np.ndarray:
    """Extract features in a loop over a DataLoader."""
    is_pinned = torch.device(device).type == "cuda"
    loader = DataLoader(
        JpegFiles(paths), batch_size=BATCH, num_workers=n_workers, pin_memory=is_pinned
    )
    with torch.inference_mode():
        parts = [network(images.to(device, non_blocking=True)) for images in loader]
    return torch.cat(parts).cpu().numpy()
