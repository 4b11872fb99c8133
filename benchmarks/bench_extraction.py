"""Images per second from JPEG files to features: hybridml, others, and the ceiling.

ResNet-18 with the same random weights for all (speed does not depend on the weights, so
nothing is downloaded), 224 pixels, pooled features before the last layer. The ceiling
is what hybridml's decoding and network would take if nothing else cost anything.
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from by_hand import BATCH, by_hand, plain_network
from ceilings import combined, decode_only, network_only
from interleaved import count_cores, measure, print_machine, print_table, ratio
from peers import Extract, Peer, installed_peers
from photo_files import photo_files

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.backbones.loading import load_network
from hybridml.backbones.network import Network

PRECISIONS = ("auto", "fp32")
MIN_COSINE = {"auto": 0.99, "fp32": 0.99999}
DECODING = "ceiling: decoding alone"


def by_hybridml(
    precision: str, device: str, is_stored: bool, paths: list[str]
) -> np.ndarray:
    """Extract features with hybridml, keeping them in a new store if asked to."""
    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(folder) if is_stored else None
        extractor = DeepFeatureExtractor(
            "resnet18", weights=None, precision=precision, device=device, store=store
        )
        features = extractor.transform(paths)
        if store is not None:
            store.close()
        return np.asarray(features)


def main() -> None:
    """Measure, and print the table and the ratios."""
    args = _parse()
    torch.set_num_threads(args.threads)  # of the others: hybridml's workers set theirs
    print_machine(args.device)
    ours = {
        _ours("auto"): partial(by_hybridml, "auto", args.device, False),
        _ours("auto, into a store"): partial(by_hybridml, "auto", args.device, True),
        _ours("fp32"): partial(by_hybridml, "fp32", args.device, False),
    }
    others = _others(args.device, args.workers)
    with tempfile.TemporaryDirectory() as scratch:
        paths, _ = photo_files(args.folder, args.photos, Path(scratch))
        _check_and_warm_up(ours, others, paths[:BATCH])
        contenders = {**ours, **{name: peer.extract for name, peer in others.items()}}
        calls = {name: partial(extract, paths) for name, extract in contenders.items()}
        seconds = measure({**calls, **_ceilings(args.device, paths)}, args.rounds)
    for precision in PRECISIONS:
        alone = seconds[_network(precision)], seconds[DECODING]
        seconds[_ceiling(precision)] = combined(*alone, args.device)
    print_table(seconds, dict.fromkeys(seconds, len(paths)))
    _print_ratios(seconds, list(others))


def _others(device: str, workers: list[int]) -> dict[str, Peer]:
    """Build the other contenders; the first is what all have to agree with."""
    drawn = load_network("resnet18", weights=None, device="cpu", precision="fp32")
    state = drawn.trainable_copy().state_dict()
    network = plain_network(state, device)
    loops = {
        f"by hand, DataLoader with {n} workers": Peer(
            partial(by_hand, network, n, device)
        )
        for n in workers
    }
    return {**loops, **installed_peers(network, state, device)}


def _ceilings(device: str, paths: list[str]) -> dict[str, partial[np.ndarray]]:
    networks = {precision: _loaded(precision, device) for precision in PRECISIONS}
    pixels = decode_only(networks["fp32"], paths)
    calls = {_network(p): partial(network_only, n, pixels) for p, n in networks.items()}
    return {**calls, DECODING: partial(decode_only, networks["fp32"], paths)}


def _check_and_warm_up(
    ours: dict[str, Extract], others: dict[str, Peer], paths: list[str]
) -> None:
    """Load everything, and see that all give the same features."""
    reference = next(iter(others.values())).extract(paths)
    for name, extract in ours.items():
        least = MIN_COSINE["fp32" if "fp32" in name else "auto"]
        _compare(name, extract(paths), reference, least)
    for name, peer in others.items():
        expected = peer.expected(paths) if peer.expected else reference
        _compare(name, peer.extract(paths), expected, MIN_COSINE["fp32"])
    print(flush=True)


def _compare(name: str, found: np.ndarray, expected: np.ndarray, least: float) -> None:
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    cosine = float(((found * expected).sum(axis=1) / lengths).min())
    print(f"{name}: cosine of at least {cosine:.6f} to the expected features")
    if not cosine >= least:
        raise SystemExit(f"The features are not the same: {name}.")


def _print_ratios(seconds: dict[str, list[float]], others: list[str]) -> None:
    auto, fp32 = _ours("auto"), _ours("fp32")
    for name in others:
        print(_times_as_long(seconds, name, name))
    best = min(others, key=lambda name: ratio(seconds, name, auto))
    print(_times_as_long(seconds, f"the best of them ({best})", best))
    shares = [ratio(seconds, _ceiling(p), _ours(p)) for p in PRECISIONS]
    print(
        "ratio: of the images a second that the ceiling allows, hybridml reaches "
        f"{shares[0]:.2f} with precision auto, {shares[1]:.2f} with fp32 "
        f"({ratio(seconds, fp32, auto):.2f} times as long as auto)"
    )


def _times_as_long(seconds: dict[str, list[float]], title: str, name: str) -> str:
    auto, fp32 = (ratio(seconds, name, _ours(p)) for p in PRECISIONS)
    return (
        f"ratio: {title} takes {auto:.2f} times as long as hybridml with precision "
        f"auto, {fp32:.2f} times as long as with fp32"
    )


def _loaded(precision: str, device: str) -> Network:
    network = load_network("resnet18", weights=None, device=device, precision=precision)
    print(f"precision {precision} runs in {network.precision}", flush=True)
    return network


def _ours(precision: str) -> str:
    return f"hybridml, {precision}"


def _network(precision: str) -> str:
    return f"ceiling: network alone, {precision}"


def _ceiling(precision: str) -> str:
    return f"ceiling: network and decoding, {precision}"


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=__doc__.partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--folder", type=Path, help="photos, one folder per class; None generates them")
    add("--photos", type=int, help="how many photos; None: all there are, else 256")
    add("--device", default="cpu", help="where networks run, as PyTorch calls it")
    add("--workers", type=int, nargs="+", default=[0, 2], help="of the loops by hand")
    add("--threads", type=int, default=count_cores(), help="of the others' networks")
    add("--rounds", type=int, default=3, help="how often each is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
