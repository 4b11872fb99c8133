"""Images per second from JPEG files to features: hybridml against a loop by hand.

ResNet-18 with the same random weights for all (speed does not depend on the weights, so
nothing is downloaded), 224 pixels, on the CPU. The loop is what most people write:
Pillow, torchvision's transforms, a DataLoader and the network in float32.
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from interleaved import measure, print_machine, print_table, ratio
from photo_files import photo_files
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.models import resnet18

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.backbones.loading import load_network

BATCH = 64
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
MIN_COSINE = {"fp32": 0.99999, "auto": 0.99}

Extract = Callable[[list[str]], np.ndarray]


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

    def __getitem__(self, position: int) -> torch.Tensor:
        """Decode one photo."""
        with Image.open(self.paths[position]) as image:
            pixels: torch.Tensor = self.transform(image.convert("RGB"))
            return pixels


def by_hand(network: torch.nn.Module, workers: int, paths: list[str]) -> np.ndarray:
    """Extract features the plain way."""
    loader = DataLoader(JpegFiles(paths), batch_size=BATCH, num_workers=workers)
    with torch.inference_mode():
        return torch.cat([network(images) for images in loader]).numpy()


def by_hybridml(precision: str, is_stored: bool, paths: list[str]) -> np.ndarray:
    """Extract features with hybridml, keeping them in a new store if asked to."""
    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(folder) if is_stored else None
        features = _extractor(precision, store).transform(paths)
        if store is not None:
            store.close()
        return np.asarray(features)


def main() -> None:
    """Measure, and print the table and the ratios."""
    args = _parse()
    print_machine()
    network = _plain_network()
    contestants: dict[str, Extract] = {
        "hybridml, precision auto": partial(by_hybridml, "auto", False),
        "hybridml, precision auto, into a store": partial(by_hybridml, "auto", True),
        "hybridml, precision fp32": partial(by_hybridml, "fp32", False),
        "by hand, DataLoader with 0 workers": partial(by_hand, network, 0),
        "by hand, DataLoader with 2 workers": partial(by_hand, network, 2),
    }
    with tempfile.TemporaryDirectory() as scratch:
        paths, _ = photo_files(args.folder, args.photos, Path(scratch))
        _check_and_warm_up(network, paths[:BATCH])
        calls = {name: partial(f, paths) for name, f in contestants.items()}
        seconds = measure(calls, args.rounds)
    print_table(seconds, dict.fromkeys(contestants, len(paths)))
    auto, _, fp32, no_workers, two_workers = contestants
    hand = min((no_workers, two_workers), key=lambda name: min(seconds[name]))
    print(
        f"ratio: by hand ({hand.rpartition('with ')[2]}) takes "
        f"{ratio(seconds, hand, auto):.2f} times as long as hybridml with precision "
        f"auto, {ratio(seconds, hand, fp32):.2f} times as long as with fp32"
    )


def _extractor(precision: str, store: FeatureStore | None) -> DeepFeatureExtractor:
    return DeepFeatureExtractor(
        "resnet18",
        weights=None,
        precision=precision,
        device="cpu",
        batch_size=BATCH,
        store=store,
    )


def _plain_network() -> torch.nn.Module:
    """Build torchvision's network with the random weights that hybridml draws."""
    drawn = load_network("resnet18", weights=None, device="cpu", precision="fp32")
    network: torch.nn.Module = resnet18(weights=None)
    network.load_state_dict(drawn.trainable_copy().state_dict())
    network.fc = torch.nn.Identity()
    return network.eval()


def _check_and_warm_up(network: torch.nn.Module, paths: list[str]) -> None:
    """Load everything, and see that both give the same features."""
    plain = by_hand(network, 0, paths)
    for precision, least in MIN_COSINE.items():
        ours = by_hybridml(precision, False, paths)
        lengths = np.linalg.norm(plain, axis=1) * np.linalg.norm(ours, axis=1)
        cosine = float(((plain * ours).sum(axis=1) / lengths).min())
        runs_in = _extractor(precision, None).fit(paths).precision_
        print(
            f"precision {precision} runs in {runs_in}; cosine to by hand {cosine:.6f}"
        )
        if not cosine >= least:
            raise SystemExit("The features are not the same.")
    print(flush=True)


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--folder", type=Path, help="photos, one folder per class; None generates them")
    add("--photos", type=int, default=256, help="how many photos")
    add("--rounds", type=int, default=3, help="how often each is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
