"""How long one answer takes: the pipeline, the fused module and the ONNX graph.

    python benchmarks/bench_predict.py --folder photos

Each gets the bytes of JPEG files and gives labels, so that decoding, which all of them
do, is in every figure. The pipeline is case 1 with a linear SVM, fitted on the same
photos; it keeps no features, and loads nothing within the time measured.
"""

from __future__ import annotations

import io
import tempfile
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from interleaved import gather, print_machine, ratio
from photo_files import photo_files
from PIL import Image, ImageOps

from hybridml import TransferClassifier, fuse, to_onnx
from hybridml._optional import is_installed

PIPELINE, FUSED, ONNX = "pipeline", "fused module", "ONNX graph"

Predict = Callable[[Sequence[bytes]], npt.NDArray[Any]]


def main() -> None:
    """Fit, measure, and print the table and the ratios."""
    options = _parse()
    print_machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths, labels = photo_files(options.folder, options.photos, folder)
        photos = [Path(path).read_bytes() for path in paths]
        model = TransferClassifier(options.backbone, store=None).fit(photos, labels)
        contenders: dict[str, Predict] = {
            PIPELINE: model.predict,
            FUSED: fuse(model).predict,
        }
        if is_installed("onnx"):
            graph = to_onnx(model, folder / "model.onnx", images=photos[:16])
            contenders[ONNX] = _onnx_predict(graph)
        else:
            print("The packages for ONNX are not installed: it is left out.")
        _check_agreement(contenders, photos)
        for n_images in options.batches:
            _compare(contenders, photos, n_images, options.rounds)


def _compare(
    contenders: dict[str, Predict], photos: list[bytes], n_images: int, rounds: int
) -> None:
    starts = range(0, len(photos) - n_images + 1, n_images)
    batches = [photos[start : start + n_images] for start in starts]
    print(f"\n{n_images} at a time, seconds a call:")
    timed = {name: partial(_time, p, batches) for name, p in contenders.items()}
    seconds = gather(timed, rounds)
    print(f"\n{'':16}{'best ms a call':>16}{'median':>9}{'images/s':>10}")
    for name, times in seconds.items():
        best, middle = min(times) * 1e3, median(times) * 1e3
        print(f"{name:16}{best:16.1f}{middle:9.1f}{n_images / min(times):10.1f}")
    print()
    for name in list(contenders)[1:]:
        found = ratio(seconds, PIPELINE, name)
        print(f"ratio {PIPELINE} / {name}, {n_images} at a time: {found:.2f}")


def _time(predict: Predict, batches: list[list[bytes]]) -> list[float]:
    """Median seconds of a call in one round."""
    times = []
    for batch in batches:
        start = time.perf_counter()
        predict(batch)
        times.append(time.perf_counter() - start)
    return [median(times)]


def _onnx_predict(path: Path) -> Predict:
    import onnxruntime

    session = onnxruntime.InferenceSession(path)

    def predict(photos: Sequence[bytes]) -> npt.NDArray[Any]:
        # Photos of one call have one size, in general: one after the other.
        labels = [session.run(["label"], {"images": _pixels(p)})[0] for p in photos]
        return np.concatenate(labels)

    return predict


def _pixels(photo: bytes) -> npt.NDArray[np.uint8]:
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(photo))).convert("RGB")
    return np.asarray(upright)[np.newaxis]


def _check_agreement(contenders: dict[str, Predict], photos: list[bytes]) -> None:
    expected = contenders[PIPELINE](photos)
    for name, predict in contenders.items():
        if not np.array_equal(predict(photos), expected):
            raise SystemExit(f"The {name} decides otherwise than the pipeline.")


def _parse() -> Namespace:
    parser = ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--folder", type=Path, help="photos, one folder per class; else generated")
    add("--photos", type=int, default=64, help="how many photos")
    add("--backbone", default="efficientnet_lite0")
    add("--batches", type=int, nargs="+", default=[64, 8, 1], help="photos a call")
    add("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
