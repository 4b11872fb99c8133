"""Run an ONNX graph on photos, from the bytes of their files, with onnxruntime alone.

A script: ``python fresh_process.py MODEL.onnx PHOTOS.json OUT.npz``.
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def main(model: str, listed: str, out: str) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    rows = []
    for path in json.loads(Path(listed).read_text()):
        image = Image.open(BytesIO(Path(path).read_bytes()))
        pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        rows.append(session.run(None, {"images": pixels[np.newaxis]}))
    columns = zip(*rows, strict=True)
    found = {
        name: np.concatenate(parts) for name, parts in zip(names, columns, strict=True)
    }
    found["label"] = found["label"].astype(str)
    np.savez(out, **found)
    assert not {"torch", "sklearn", "hybridml"} & sys.modules.keys()


if __name__ == "__main__":
    main(*sys.argv[1:])
